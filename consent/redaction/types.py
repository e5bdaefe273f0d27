"""The values that go in and out of the redactor: spans, passages, redactions and their errors."""

from dataclasses import dataclass
from typing import Literal

Action = Literal["redacted", "held"]


class InvalidSpan(ValueError):
    """A marked span that does not fit its text. The message names its index, never the text."""


class RecognizerFailed(Exception):
    """A recognizer raised, or ran out of time. Carries its name and nothing of what it read."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text that identifies somebody: code points ``start`` to ``end`` of the input."""

    start: int
    end: int
    label: str
    score: float
    recognizer: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to redact, with what its bringer says about it.

    ``language`` is the declared BCP 47 tag. ``marked`` are the spans that people marked; ``reviewed`` says
    that people went through the whole text, even where they marked nothing.
    """

    text: str
    language: str | None = None
    marked: tuple[Span, ...] = ()
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Redaction:
    """What became of a passage. A held one carries no text: a person has to look at it first.

    The spans of a held passage are suggestions for that person: what the recognizers found, as far as any reads
    its language. There are none where a recognizer failed or the passage is too long.

    ``spans`` are merged, sorted and offsets of the input, so ``text`` is
    ``placeholders(input, spans)``. ``language`` is a primary subtag, ``und`` where nobody knows.
    """

    action: Action
    language: str
    held_reason: str | None
    text: str | None
    spans: tuple[Span, ...]
