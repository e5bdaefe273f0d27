"""Finding and replacing what identifies people, before anything is signed.

A text goes in as a `Passage` and comes out as a `Redaction`: redacted, with consistent typed placeholders, or
held for a person, because no validated recognizer set reads its language, because it is too long, or because
a recognizer failed. Redacted is not anonymous: what was not found is still in the text, and how much that is
has to be measured.

Importing this package loads no model and no model library; `Redactor` does, when it first reads English.
"""

from consent.redaction.engine import Redactor
from consent.redaction.language import VALIDATED
from consent.redaction.lines import Explained, MalformedLine, explain, output_line, parse_line
from consent.redaction.replace import placeholders, spans_cover
from consent.redaction.types import InvalidSpan, Passage, RecognizerFailed, Redaction, Span

__all__ = [
    "VALIDATED",
    "Explained",
    "InvalidSpan",
    "MalformedLine",
    "Passage",
    "RecognizerFailed",
    "Redaction",
    "Redactor",
    "Span",
    "explain",
    "output_line",
    "parse_line",
    "placeholders",
    "spans_cover",
]
