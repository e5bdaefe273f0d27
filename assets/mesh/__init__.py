"""The mesh as seen from this home: who is known, and how the ledger stands. A view, nothing else."""
