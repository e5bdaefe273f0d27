"""One mention found is every mention found: names and values propagate through their own text.

A model that sees "Marta Kowalska" in one sentence misses "Marta" in the next, and the speaker that a label
names is called by the others. Each part of a person's name (three letters or more) is taken wherever it
stands capitalised; in lower case too, where the name is sure and no everyday word. Other values as a whole, up to
`LONGEST`.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from consent.redaction.cues import refused_words
from consent.redaction.people import PARTICLES
from consent.redaction.types import Span
from consent.redaction.words import everywhere_set

_WORDS: Final = """
will may mark grace hope april june august rose joy faith frank grant sue pat bill art rich dawn
summer autumn iris ivy lily daisy violet ruby pearl amber olive holly hazel heather basil drew chase
hunter mason miles penny robin jack van young long white black brown green king day park hill wood
sol luz paz mar rosa flor blanca bianca chiara luna stella gioia speranza vita fede rosario pilar cruz
sommer winter wolf stark klein groß lange kurz braun schwarz weiß koch könig fischer müller weber
petit grand blanc noir rose pierre jean claire fleur reine branco costa serra rocha silva pereira
"""
#: Given names and surnames that are words too: a sentence may begin with them without naming anybody.
WORDS_TOO: Final = frozenset(_WORDS.split())
_PART: Final = re.compile(r"[^\W\d_]{3,}")
_TOKEN: Final = re.compile(r"\w+")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?:\n\"“‘(\-–—])\s*$")
_SCORE: Final = 0.6
_SURE: Final = 0.65
_MAX_VALUES: Final = 5_000
#: Code points of the longest place or user name that is looked for again: no address on one line is as long. A
#: model that takes thousands of letters for one place would have it taken again from each of them, and the time
#: for a text would grow with its square.
LONGEST: Final = 200


def propagate(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Further mentions in ``text`` of the people and places that ``spans`` found."""
    by_first = _index(_values(text, spans))
    if not by_first:
        return
    for token in _TOKEN.finditer(text):
        for value, label in by_first.get(token.group(), ()):
            start, end = token.start(), token.start() + len(value)
            if not text.startswith(value, start) or _within_word(text, end) or (start and text[start - 1] == "<"):
                continue
            if value.lower() in WORDS_TOO and _SENTENCE_START.search(text[max(0, start - 4) : start]):
                continue
            yield Span(start, end, label, _SCORE, "propagation")
            break


def _within_word(text: str, end: int) -> bool:
    return end < len(text) and (text[end].isalnum() or text[end] == "_")


def _index(values: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """The values by their first token, longest first: one look-up per token of the text."""
    index: dict[str, list[tuple[str, str]]] = {}
    for value, label in sorted(values.items(), key=lambda pair: -len(pair[0]))[:_MAX_VALUES]:
        first = _TOKEN.match(value)
        if first:
            index.setdefault(first.group(), []).append((value, label))
    return index


@cache
def _everyday() -> frozenset[str]:
    return refused_words() | everywhere_set("common") | everywhere_set("verbs") | WORDS_TOO | PARTICLES


def _values(text: str, spans: Iterable[Span]) -> dict[str, str]:
    """What to look for, and its label."""
    values: dict[str, str] = {}
    for span in spans:
        value = text[span.start : span.end]
        if span.label == "PERSON":
            for part in _PART.findall(value):
                for form in _forms(part, sure=span.score >= _SURE):
                    values.setdefault(form, "PERSON")
        elif span.label in {"LOCATION", "USERNAME"} and len(value) <= LONGEST and sum(map(str.isalpha, value)) > 3:
            values.setdefault(value, span.label)
    return values


def _forms(part: str, *, sure: bool) -> Iterator[str]:
    """The ways in which a part of a name may stand elsewhere in the text."""
    lower = part.lower()
    if lower in refused_words() or lower in PARTICLES:
        return
    if part[0].isupper() or sure:
        yield part if part[0].isupper() and not part.isupper() else part.capitalize()
        yield part
        if len(part) > 3:
            yield part.upper()
    if sure and lower not in _everyday():
        yield lower


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
