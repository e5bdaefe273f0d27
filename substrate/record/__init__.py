"""Signed documents, logs and folds: pure functions over bytes and plain data.

Nothing here reads a clock, a file or a random source; they come in as arguments.
"""
