"""Views that anyone can recompute from public documents."""
