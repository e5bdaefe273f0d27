"""Texts that stay where they were given: what jobs may be computed on them here, and what was given away of it."""
