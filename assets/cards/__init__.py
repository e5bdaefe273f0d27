"""Cards: what an adapter is, for whoever uses it; what a text was used in, for whoever gave it."""
