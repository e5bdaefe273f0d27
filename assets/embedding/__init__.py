"""Vectors of the texts, kept for the next time; a map of the corpus; texts that are alike."""
