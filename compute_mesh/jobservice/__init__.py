"""Jobs in motion: the queue of this home, the protocol ``lecs/jobs/1``, working for others and having others work.

What may be asked for and what both sides sign is in `compute_mesh.jobs`; where models run, in `compute_mesh.workers`.
"""
