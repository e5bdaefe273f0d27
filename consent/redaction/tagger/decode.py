"""From a probability of each tag for each word to spans with scores."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from consent.redaction.tagger.features import Token
from consent.redaction.tagger.network import TAGS
from consent.redaction.types import Span

#: What the redactor calls the kinds that the network tells apart.
_LABEL: Final = {"PERSON": "PERSON", "PLACE": "LOCATION", "ADDRESS": "LOCATION"}


def spans(tokens: Sequence[Token], probabilities: Any, outside: float, name: str) -> Iterator[Span]:
    """The spans of one text.

    ``probabilities`` is tokens x tags. A word is outside only where the network gives that at least
    ``outside``; else its most probable kind counts. The score is the mean probability of being inside.
    """
    open_kind, first, last, total = "", 0, 0, 0.0
    for i, row in enumerate(probabilities):
        kind, begins = _kind(row, outside)
        if tokens[i].text == "\n":
            kind = ""
        if open_kind and (kind != open_kind or begins):
            yield _span(tokens, first, last, open_kind, total, name)
            open_kind = ""
        if kind:
            if not open_kind:
                open_kind, first, total = kind, i, 0.0
            last = i
            total += 1.0 - float(row[0])
    if open_kind:
        yield _span(tokens, first, last, open_kind, total, name)


def _kind(row: Any, outside: float) -> tuple[str, bool]:
    """The kind of a word ("" is none), and whether a new span begins with it."""
    if float(row[0]) >= outside:
        return "", False
    tag = TAGS[1 + int(row[1:].argmax())]
    return tag[2:], tag[0] == "B"


def _span(tokens: Sequence[Token], first: int, last: int, kind: str, total: float, name: str) -> Span:
    score = round(min(total / (last - first + 1), 1.0), 4)
    return Span(tokens[first].start, tokens[last].end, _LABEL[kind], score, name)
