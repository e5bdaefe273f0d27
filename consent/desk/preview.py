"""The redaction preview: the text as it will be kept, and what its person changes about it. Pure but for the reader.

A person marks more by naming the words (so that it works without a script); every place where they stand goes. What
was found by mistake can be left in, except structured identifiers: a number may be somebody else's.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from consent.intake import TextRedactor
from consent.redaction.replace import merge, normalised, placeholders
from consent.redaction.types import Passage, Span

#: Labels that a person may undo. All others are numbers and addresses of a fixed form.
MAY_STAY: Final = frozenset({"PERSON", "LOCATION", "DATE_TIME", "ORGANIZATION", "NRP", "AGE"})
#: Labels that a person may choose for what they mark.
MAY_MARK: Final = ("PERSON", "LOCATION", "DATE_TIME", "ORGANIZATION", "PHONE_NUMBER", "ID", "AGE", "NRP")
#: Most letters of one marked stretch, and most marks of one text.
LONGEST_MARK: Final = 400
MOST_MARKS: Final = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """What the redactor found in a text. ``held`` is why no program may be relied on here, or the empty string."""

    spans: tuple[Span, ...]
    held: str
    version: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Words that a person wants out, wherever they stand."""

    words: str
    label: str


@dataclass(frozen=True, slots=True)
class Found:
    """One value that goes or was let stay: its label, words, how often it stands, and whether it may be undone."""

    label: str
    words: str
    times: int
    key: str
    locked: bool
    left: bool
    marked: bool


class NotRead(Exception):
    """The redactor could not read the text at all, so that it cannot be taken. Carries nothing of it."""


def read(redactor: TextRedactor, text: str, language: str) -> Reading:
    """What the redactor finds; where no validated set reads the language, what shapes alone give away.

    Raises:
        NotRead: too long, or a recognizer failed.
    """
    first = redactor.redact([Passage(text, language)])[0]
    if first.action == "redacted":
        return Reading(first.spans, "", redactor.version)
    again = redactor.redact([Passage(text, language, (), True)])[0]
    if again.text is None:
        raise NotRead
    return Reading(merge([*first.spans, *again.spans]), first.held_reason or "held", redactor.version)


def spans_kept(text: str, reading: Reading, marks: Sequence[Mark], left: set[tuple[str, str]]) -> tuple[Span, ...]:
    """What is replaced: what was found and not undone, and what the person marked."""
    marked = _marked(text, marks)
    found = [s for s in _not_within(reading.spans, marked) if not _undone(text, s, left)]
    return merge([*found, *marked])


def kept_text(text: str, reading: Reading, marks: Sequence[Mark], left: set[tuple[str, str]]) -> str:
    """The text exactly as it will be kept."""
    return placeholders(text, spans_kept(text, reading, marks, left))


def values(text: str, reading: Reading, marks: Sequence[Mark], left: set[tuple[str, str]]) -> list[Found]:
    """Each value that was found or marked, in the order of the text."""
    grouped: dict[tuple[str, str, bool], list[Span]] = {}
    by_person = _marked(text, marks)
    for marked, spans in ((False, _not_within(reading.spans, by_person)), (True, by_person)):
        for span in spans:
            grouped.setdefault((span.label, normalised(text[span.start : span.end]), marked), []).append(span)
    found = [
        Found(
            label, text[spans[0].start : spans[0].end], len(spans), f"{label}:{value}",
            label not in MAY_STAY and not marked, not marked and (label, value) in left, marked,
        )
        for (label, value, marked), spans in grouped.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.marked, text.find(one.words)))


def occurs(text: str, mark: Mark) -> bool:
    """Whether the marked words stand in the text at all."""
    return next(places(text, mark), None) is not None


def undo_key(raw: str, reading: Reading, text: str) -> tuple[str, str] | None:
    """The value behind a key of `values`, if it was found there and may stay."""
    label, _, value = raw.partition(":")
    known = {(s.label, normalised(text[s.start : s.end])) for s in reading.spans}
    return (label, value) if label in MAY_STAY and (label, value) in known else None


def _marked(text: str, marks: Sequence[Mark]) -> list[Span]:
    return [span for one in marks for span in places(text, one)]


def _not_within(spans: Sequence[Span], marked: Sequence[Span]) -> list[Span]:
    """The spans that no mark covers: of what a person marked, the person says what it is."""
    return [s for s in spans if not any(m.start <= s.start and s.end <= m.end for m in marked)]


def _undone(text: str, span: Span, left: set[tuple[str, str]]) -> bool:
    return span.label in MAY_STAY and (span.label, normalised(text[span.start : span.end])) in left


def places(text: str, mark: Mark) -> Iterator[Span]:
    """Every place where the marked words stand."""
    pattern = re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, mark.words.split())) + r"(?!\w)", re.IGNORECASE)
    for match in pattern.finditer(text):
        yield Span(match.start(), match.end(), mark.label, 1.0, "person")
