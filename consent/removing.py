"""What may still be removed from a kept text, and the text after it: more, never less. Pure.

Placeholders that stand in the text stay as they are. What a redactor finds is cut at their edges; a person may mark
over whole ones, so that two halves of one name become one placeholder, and may not cut one in two.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from consent.redaction import InvalidSpan, Span, placeholders
from consent.redaction.replace import PLACEHOLDER, checked, merge

_SAYS_SOMETHING: Final = re.compile(r"\w")


class NotLess(ValueError):
    """The text after is not the one before with its spans replaced: nothing is written."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A text with more removed. ``spans`` are merged offsets of the text before, in code points."""

    after: str
    spans: tuple[Span, ...]


def found_more(text: str, spans: Iterable[Span]) -> Removal | None:
    """What a redactor finds in a text that is kept already, outside its placeholders; None when that is nothing."""
    outside = [part for span in merge(spans) for part in _outside(text, span)]
    return removal(text, outside) if outside else None


def marked_more(text: str, spans: Sequence[Span]) -> Removal:
    """What a person marked in a kept text.

    Raises:
        InvalidSpan: a span does not fit the text, cuts a placeholder, or holds nothing else; or there is none.
    """
    if not spans:
        raise InvalidSpan("no span is given: to leave the text as it is, confirm it")
    for number, span in enumerate(checked(text, spans)):
        touched = [m for m in PLACEHOLDER.finditer(text) if m.start() < span.end and span.start < m.end()]
        if any(m.start() < span.start or span.end < m.end() for m in touched):
            raise InvalidSpan(f"span {number}: cuts a placeholder in two")
        if not next(_outside(text, span), None):
            raise InvalidSpan(f"span {number}: nothing but a placeholder, which stays as it is")
    return removal(text, spans)


def removal(text: str, spans: Iterable[Span]) -> Removal:
    """Replace, and check the result.

    Raises:
        InvalidSpan: a span does not fit the text. NotLess: the result is not the text with the spans replaced.
    """
    merged = merge(checked(text, spans))
    after = placeholders(text, merged)
    if not only_less(text, after, merged):
        raise NotLess("the redacted text is not the text before with spans replaced by placeholders")
    return Removal(after, merged)


def only_less(before: str, after: str, spans: Sequence[Span]) -> bool:
    """Whether ``after`` is ``before`` with each of ``spans`` (sorted, apart) replaced by one placeholder of its label.

    Read from the two texts alone, without the code that replaces; the numbers must be new to what stays.
    """
    place = done = 0
    stays, new = [], set()
    for span in spans:
        between = before[done : span.start]
        found = PLACEHOLDER.match(after, place + len(between))
        if not after.startswith(between, place) or found is None or found[1] != span.label:
            return False
        stays.append(between)
        new.add(found[0])
        place, done = found.end(), span.end
    stays.append(before[done:])
    old = {found[0] for piece in stays for found in PLACEHOLDER.finditer(piece)}
    return after[place:] == before[done:] and not new & old


def _outside(text: str, span: Span) -> Iterator[Span]:
    """The parts of a span between placeholders that hold at least one letter or digit."""
    start = span.start
    for match in PLACEHOLDER.finditer(text):
        if match.end() <= span.start or match.start() >= span.end:
            continue
        yield from _part(text, span, start, match.start())
        start = match.end()
    yield from _part(text, span, start, span.end)


def _part(text: str, span: Span, start: int, end: int) -> Iterator[Span]:
    piece = text[start:end] if start < end else ""
    if not _SAYS_SOMETHING.search(piece):
        return
    start += len(piece) - len(piece.lstrip())
    yield Span(start, start + len(piece.strip()), span.label, span.score, span.recognizer)
