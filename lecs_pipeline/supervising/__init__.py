"""`lecs up`: the processes of a home under one supervisor, each on a leash that outlives nothing."""
