"""One mention found is every mention found: names and values propagate through their own text.

A model that sees "Marta Kowalska" in one sentence misses "Marta" in the next. Each part of a person's name
(three letters or more, capitalised) is taken wherever it stands capitalised; other values as a whole.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from consent.redaction.cues import NOT_NAMES
from consent.redaction.types import Span

_WORDS: Final = """
will may mark grace hope april june august rose joy faith frank grant sue pat bill art rich dawn
summer autumn iris ivy lily daisy violet ruby pearl amber olive holly hazel heather basil drew chase
hunter mason miles penny robin jack van young long white black brown green king day
"""
#: Given names that are words too: a sentence may begin with them without naming anybody.
_WORDS_TOO: Final = frozenset(_WORDS.split())
_PART: Final = re.compile(r"[^\W\d_]{3,}")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?:\n\"“‘(\-–—])\s*$")
_MAX_VALUES: Final = 2_000
_SCORE: Final = 0.6


def propagate(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Further mentions in ``text`` of the people and places that ``spans`` found."""
    values = _values(text, spans)
    if not values:
        return
    longest_first = sorted(values, key=lambda v: (-len(v), v))[:_MAX_VALUES]
    pattern = re.compile(rf"(?<![\w<])(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
    for match in pattern.finditer(text):
        value = match.group()
        if value.lower() in _WORDS_TOO and _SENTENCE_START.search(text[max(0, match.start() - 4) : match.start()]):
            continue
        yield Span(match.start(), match.end(), values[value], _SCORE, "propagation")


def _values(text: str, spans: Iterable[Span]) -> dict[str, str]:
    """What to look for, and its label."""
    values: dict[str, str] = {}
    for span in spans:
        value = text[span.start : span.end]
        if span.label == "PERSON":
            for part in _PART.findall(value):
                if part[0].isupper() and part.lower() not in NOT_NAMES:
                    values.setdefault(part, "PERSON")
                    values.setdefault(part.upper() if len(part) > 3 else part, "PERSON")
        elif span.label in {"LOCATION", "USERNAME"} and sum(map(str.isalpha, value)) > 3:
            values.setdefault(value, span.label)
    return values


def people_first(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans, where a "place" that is part of a person's name found elsewhere becomes that person."""
    found = list(spans)
    parts = {part for s in found if s.label == "PERSON" for part in _PART.findall(text[s.start : s.end])}
    return [
        Span(s.start, s.end, "PERSON", s.score, s.recognizer)
        if s.label == "LOCATION" and text[s.start : s.end] in parts
        else s
        for s in found
    ]
