"""Making found spans fit: whole words, single lines, and never a bite out of an older placeholder."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from consent.redaction.replace import PLACEHOLDER
from consent.redaction.types import Span

#: Labels that a model finds in running text, where half a word may be found.
_WORDED: Final = frozenset({"PERSON", "LOCATION"})
_REACH: Final = 60

_TAIL: Final = re.compile(r"\w*(?:[-‐‑]\w+)*")
_HEAD: Final = re.compile(r"(?:\w+[-‐‑])*\w*\Z")
_LINE: Final = re.compile(r"[^\r\n]+")
_EDGES: Final = ' \t\u00a0.,;:!?"“”()[]{}*-–—_'
_POSSESSIVE: Final = re.compile(r"['’]s?\Z")


def tidy(text: str, spans: Iterable[Span]) -> list[Span]:
    """The machine's spans in whole words, line by line, outside existing placeholders."""
    taken = [match.span() for match in PLACEHOLDER.finditer(text)] if "<" in text else []
    seen: dict[tuple[int, int], list[Span]] = {}
    return [
        rest
        for span in spans
        for line in (_worded(text, span, seen) if span.label in _WORDED else (span,))
        for rest in _outside(line, taken)
    ]


def _worded(text: str, span: Span, seen: dict[tuple[int, int], list[Span]]) -> Iterator[Span]:
    """`_lines`, each stretch looked at once: several recognizers find the same."""
    stretch = (span.start, span.end)
    if stretch not in seen:
        seen[stretch] = list(_lines(text, span))
    return (_with(span, one.start, one.end) for one in seen[stretch])


def _lines(text: str, span: Span) -> Iterator[Span]:
    """A name or place per line, grown to whole words and without punctuation at its edges."""
    for match in _LINE.finditer(text, span.start, span.end):
        start, end = match.span()
        while start < end and text[start] in _EDGES:
            start += 1
        while end > start and text[end - 1] in _EDGES and not _belongs(text, start, end):
            end -= 1
        possessive = _POSSESSIVE.search(text[max(start, end - 2) : end])
        if possessive:
            end -= len(possessive.group())
        if start < end:
            yield _with(span, *_grown(text, start, end))


#: Abbreviations at the end of an address that keep their point: "2.º esq.", "Mill Rd."
_ABBREVIATED: Final = re.compile(r"(?<=[ .º])[^\W\d_]{2,4}\.\Z")


def _belongs(text: str, start: int, end: int) -> bool:
    """Whether the last sign is part of what was found: a bracket that closes one, the point of an abbreviation."""
    if text[end - 1] == ")":
        return "(" in text[start:end]
    return text[end - 1] == "." and _ABBREVIATED.search(text[max(start, end - 6) : end]) is not None


def _grown(text: str, start: int, end: int) -> tuple[int, int]:
    """Half of ``Kowalska-Nowak`` still names her."""
    head = _HEAD.search(text[max(0, start - _REACH) : start])
    tail = _TAIL.match(text, end, end + _REACH)
    return start - (len(head.group()) if head else 0), tail.end() if tail else end


def _outside(span: Span, taken: list[tuple[int, int]]) -> Iterator[Span]:
    """The parts of a span that no placeholder occupies."""
    start = span.start
    for a, b in taken:
        if b <= start:
            continue
        if a >= span.end:
            break
        if start < a:
            yield _with(span, start, a)
        start = b
    if start < span.end:
        yield _with(span, start, span.end)


def _with(span: Span, start: int, end: int) -> Span:
    return Span(start, end, span.label, span.score, span.recognizer)
