"""Texts written while the recognizers were improved, with their labels: what precision is worked on with.

The author of rules wrote these texts and looked at every mistake in them. So a figure of theirs is no evidence of
anything; `second` gives that. They hold much that has a capital and names nobody: brands, ships, book titles, job
titles, feasts, figures of history, headings. Everybody in them is invented.
"""

from benchmarks.redaction.development.read import texts

__all__ = ["texts"]
