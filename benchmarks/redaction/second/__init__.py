"""The second measurement set: texts written by hand, planted spans, filled by a seed. See README.md."""

from benchmarks.redaction.second.generate import texts

__all__ = ["texts"]
