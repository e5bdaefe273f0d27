"""Cutting long texts into pieces that the recognizers can read in bounded time.

Presidio's context search and some patterns grow with the square of a text; in pieces of fixed size the whole
grows in proportion. A piece ends at a paragraph if it can, else at a sentence, a line, a space, else
anywhere; except at a paragraph the next piece starts a little earlier, so that nothing is cut in half unseen.
"""

from collections.abc import Iterator
from typing import Final

CHUNK: Final = 4_000
OVERLAP: Final = 200
_SEPARATORS: Final = ("\n\n", ". ", "! ", "? ", "\n", " ")


def chunks(text: str) -> Iterator[tuple[int, str]]:
    """Pieces of ``text`` with their offsets; together they cover it."""
    start = 0
    while len(text) - start > CHUNK:
        end, overlap = _cut(text, start)
        yield start, text[start:end]
        start = end - overlap
    if start < len(text):
        yield start, text[start:]


def _cut(text: str, start: int) -> tuple[int, int]:
    """Where the piece from ``start`` ends, and how far the next one reaches back."""
    earliest, latest = start + CHUNK // 2, start + CHUNK
    for separator in _SEPARATORS:
        found = text.rfind(separator, earliest, latest)
        if found >= 0:
            return found + len(separator), 0 if separator == "\n\n" else OVERLAP
    return latest, OVERLAP
