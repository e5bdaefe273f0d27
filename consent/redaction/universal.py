"""The recognizers that need no language and no model: shapes and telephone numbers."""

from consent.redaction import phone
from consent.redaction.shapes import UNIVERSAL, find
from consent.redaction.types import Span


def universal(text: str) -> list[Span]:
    """Everything found by shape alone."""
    return [*find(text, UNIVERSAL), *phone.find(text)]
