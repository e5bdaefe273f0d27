"""From a probability of each tag for each word to spans with scores."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from consent.redaction.tagger.features import Token
from consent.redaction.tagger.network import TAGS
from consent.redaction.types import Span

#: What the redactor calls the kinds that the network tells apart.
_LABEL: Final = {"PERSON": "PERSON", "PLACE": "LOCATION", "ADDRESS": "LOCATION"}


def spans(tokens: Sequence[Token], probabilities: Any, outside: float, name: str) -> Iterator[Span]:
    """The spans of one text, without punctuation at their ends.

    ``probabilities`` is tokens x tags. A word is outside only where the network gives that at least
    ``outside``; else its most probable kind counts. The score is the mean probability of being inside.
    A run of which half or more is digits (a date, an amount, the number of a book) names nobody and no place:
    it is left out. Numbers that lead to somebody have recognizers of their own.
    """
    inside = 1.0 - probabilities[:, 0]
    for kind, first, last in _runs(tokens, probabilities, outside):
        while first < last and not tokens[last - 1].text[0].isalnum():
            last -= 1
        while first < last and not tokens[first].text[0].isalnum():
            first += 1
        if first < last and not _mostly_digits(tokens[first:last]):
            score = round(min(float(inside[first:last].mean()), 1.0), 4)
            yield Span(tokens[first].start, tokens[last - 1].end, _LABEL[kind], score, name)


def _mostly_digits(tokens: Sequence[Token]) -> bool:
    """Whether half or more of the letters and digits are digits."""
    signs = [sign for token in tokens for sign in token.text if sign.isalnum()]
    return 2 * sum(sign.isnumeric() for sign in signs) >= len(signs)


def _runs(tokens: Sequence[Token], probabilities: Any, outside: float) -> Iterator[tuple[str, int, int]]:
    """Neighbouring words of one kind: the kind, the first, and the one after the last."""
    kind_before, first = "", 0
    for i, row in enumerate(probabilities):
        kind, begins = _kind(row, outside) if tokens[i].text != "\n" else ("", False)
        if kind_before and (kind != kind_before or begins):
            yield kind_before, first, i
            kind_before = ""
        if kind and not kind_before:
            first = i
        kind_before = kind
    if kind_before:
        yield kind_before, first, len(tokens)


def _kind(row: Any, outside: float) -> tuple[str, bool]:
    """The kind of a word ("" is none), and whether a new span begins with it."""
    if float(row[0]) >= outside:
        return "", False
    tag = TAGS[1 + int(row[1:].argmax())]
    return tag[2:], tag[0] == "B"
