"""One of each text within its cohort."""
