"""Replacing spans by typed, consistent placeholders: ``<PERSON_1>``, ``<LOCATION_2>``.

The same value under the same label gets the same number within one text, so that a redacted dialogue can
still be followed. Numbers say nothing beyond that text.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from consent.redaction.labels import fold
from consent.redaction.types import InvalidSpan, Span

PLACEHOLDER: Final = re.compile(r"<([A-Z][A-Z_]{0,30})_(\d{1,6})>")

_POSSESSIVE: Final = re.compile(r"['’]s$")
_GAPS: Final = re.compile(r"[\s\-‐-―]+")


def placeholders(text: str, spans: Iterable[Span]) -> str:
    """``text`` with every span replaced; overlapping spans are merged first.

    Placeholders that already stand outside the spans keep their numbers, and new ones count on from the
    highest: redacting a redacted text never gives two people one number.

    Raises:
        InvalidSpan: if a span does not fit the text.
    """
    merged = merge(checked(text, spans))
    numbers = _Numbers(_highest(text, merged))
    pieces: list[str] = []
    position = 0
    for span in merged:
        pieces.append(text[position : span.start])
        pieces.append(numbers.placeholder(span.label, text[span.start : span.end]))
        position = span.end
    pieces.append(text[position:])
    return "".join(pieces)


def spans_cover(before: str, after: str, spans: Iterable[Span]) -> bool:
    """Whether ``after`` is exactly ``before`` with ``spans`` replaced: nothing else changed."""
    try:
        return placeholders(before, spans) == after
    except InvalidSpan:
        return False


def checked(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans with labels folded into the closed list.

    Raises:
        InvalidSpan: naming the index of the first span that does not fit.
    """
    result: list[Span] = []
    for index, span in enumerate(spans):
        label = fold(span.label)
        if label is None:
            raise InvalidSpan(f"span {index}: unknown label")
        if not 0 <= span.start < span.end <= len(text):
            raise InvalidSpan(f"span {index}: outside the text or empty")
        result.append(Span(span.start, span.end, label, span.score, span.recognizer))
    return result


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted spans without overlap. A union takes the label of its longest part, then of the surest."""
    groups: list[list[Span]] = []
    end = -1
    for span in sorted(spans, key=lambda s: (s.start, s.end, s.label, s.recognizer)):
        if groups and span.start < end:
            groups[-1].append(span)
        else:
            groups.append([span])
        end = max(end, span.end)
    return tuple(_union(group) for group in groups)


def _union(group: Sequence[Span]) -> Span:
    best = max(group, key=lambda s: (s.end - s.start, s.score, s.label, s.recognizer))
    return Span(
        min(s.start for s in group),
        max(s.end for s in group),
        best.label,
        max(s.score for s in group if s.label == best.label),
        best.recognizer,
    )


class _Numbers:
    """Hands out numbers per label, in order of first appearance."""

    def __init__(self, highest: dict[str, int]) -> None:
        self._last = highest
        self._of: dict[tuple[str, str], int] = {}

    def placeholder(self, label: str, value: str) -> str:
        key = (label, normalised(value))
        if key not in self._of:
            self._of[key] = self._last[label] = self._last.get(label, 0) + 1
        return f"<{label}_{self._of[key]}>"


def normalised(value: str) -> str:
    """The form under which two mentions count as one value: case, width, spacing and possessive aside."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    return _POSSESSIVE.sub("", _GAPS.sub(" ", folded).strip())


def _highest(text: str, merged: Sequence[Span]) -> dict[str, int]:
    """The highest number per label among placeholders that no span touches."""
    highest: dict[str, int] = {}
    spans = iter(merged)
    span = next(spans, None)
    for match in PLACEHOLDER.finditer(text):
        while span is not None and span.end <= match.start():
            span = next(spans, None)
        if span is not None and span.start < match.end():
            continue
        label, number = match.group(1), int(match.group(2))
        highest[label] = max(number, highest.get(label, 0))
    return highest
