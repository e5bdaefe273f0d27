"""Generator one of the measuring set: texts from templates and a bank of identifiers.

`languages/` holds the templates, a file per language; `bank/` holds names, places and the shapes of numbers.
Everything is invented: names are random combinations, numbers are random with the right check digits.
"""

from benchmarks.redaction.first.generate import texts

__all__ = ["texts"]
