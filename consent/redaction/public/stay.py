"""Letting stay what a model found and everybody knows: "Isaac Newton" in a lesson, "Paris" in a story.

Only what models, stray capitals and propagation found may stay. What a cue found never does ("my uncle Isaac
Newton", "Dear Rosa", a dialogue label, an address), nor any other mention of it in the same text. The price is
that somebody who bears a listed full name, and is named without any cue, stays readable. On the first measuring
set this cost no recall that shows in three decimals in any of the six languages.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from typing import Final

from consent.redaction.cues import refused_words
from consent.redaction.names import WORDS_TOO
from consent.redaction.people import PARTICLES
from consent.redaction.public import full_figures, large_places, lone_figures
from consent.redaction.public.tokens import WORD, fold
from consent.redaction.tagger import NAME as TAGGER
from consent.redaction.types import Span
from consent.redaction.words import everywhere_set

#: What found a span that may stay: the models, capitals that nothing explains, further mentions.
_GUESSED: Final = frozenset({"SpacyRecognizer", TAGGER, "stray-name", "propagation"})
_GAP: Final = re.compile(r"[ \u00a0]?[.'’\-]?[ \u00a0]?\Z")
_OURS_TEXT: Final = (
    "my our mi nuestro nuestra mein meine meinem meiner unser unsere mon ma notre mio mia meu minha nosso nossa"
)
_OURS: Final = frozenset(_OURS_TEXT.split())
_JOINED: Final = frozenset("-‐‑_@/")
_ADDRESS: Final = re.compile(r"\d[\w\-]*[ ,]{0,3}\Z")
_POSTCODE: Final = re.compile(r"[ ,]{0,3}\(?[A-Z]{0,2}[ \-]?\d")


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    word: str
    capital: bool


def let_stay(text: str, spans: Iterable[Span], words: "Worded | None" = None) -> list[Span]:
    """The spans without those that name nothing but a well-known figure or a large place.

    ``words`` are those of ``text``, for who asks more than once.
    """
    given = list(spans)
    if not any(s.recognizer in _GUESSED and s.label in {"PERSON", "LOCATION"} for s in given):
        return given
    at = words or Worded(text)
    tokens = at.tokens
    cued = [s for s in given if s.recognizer not in _GUESSED]
    private = {t.word for s in cued if s.label in {"PERSON", "LOCATION"} for t in at.of(s) if len(t.word) > 2}
    occupied = {t.start for s in cued for t in at.of(s)}
    public = _figures(text, tokens, private, occupied)
    strangers = _strangers(given, at, public)
    alone = _surnames(tokens, public, lone_figures()) - private - strangers
    public |= {
        t.start for t in tokens if t.capital and t.word in alone and _free(text, t, t) and t.start not in occupied
    }
    return [s for s in given if not (s.recognizer in _GUESSED and _known(text, s, at.of(s), public, private))]


class Worded:
    """The words of a text, and those inside a span found without walking the text."""

    def __init__(self, text: str) -> None:
        self.tokens = [_Token(m.start(), m.end(), fold(m.group()), m.group()[0].isupper()) for m in WORD.finditer(text)]
        ends = [0] * (len(text) + 2)
        for token in self.tokens:
            ends[token.end] = 1
        self._first = list(accumulate(ends))

    def of(self, span: Span) -> Sequence[_Token]:
        """Every word that the span touches."""
        first = self._first[span.start]
        last = first
        while last < len(self.tokens) and self.tokens[last].start < span.end:
            last += 1
        return self.tokens[first:last]


def _figures(text: str, tokens: Sequence[_Token], private: set[str], occupied: set[int]) -> set[int]:
    """Where the words of full names of figures begin, as far as nothing beside them makes them private."""
    found: set[int] = set()
    i = 0
    while i < len(tokens):
        size = _longest(text, tokens, i)
        stretch = tokens[i : i + size]
        somebody = any(t.start in occupied or t.word in private for t in stretch)
        if size and not somebody and _free(text, stretch[0], stretch[-1]) and not _claimed(text, tokens, i, size):
            found |= {t.start for t in stretch}
        i += size or 1
    return found


def _longest(text: str, tokens: Sequence[_Token], i: int) -> int:
    """How many words the longest listed name at word ``i`` has; 0 if none begins there."""
    for name in full_figures().get(tokens[i].word, ()):
        stretch = tokens[i : i + len(name)]
        if tuple(t.word for t in stretch) == name and all(
            _GAP.match(text[a.end : b.start]) for a, b in pairwise(stretch)
        ):
            return len(name)
    return 0


def _free(text: str, first: _Token, last: _Token) -> bool:
    """Whether the name stands by itself: no part of a double name, an address or a user name."""
    before, after = text[first.start - 1 : first.start], text[last.end : last.end + 1]
    return not (before in _JOINED or after in _JOINED or after.isdigit() or before.isdigit())


def _claimed(text: str, tokens: Sequence[_Token], i: int, size: int) -> bool:
    """Whether somebody says "my" before the name or behind it: "my Rosa Parks", "Rosa Parks, our neighbour"."""
    before = [t.word for t in tokens[max(0, i - 3) : i] if "\n" not in text[t.end : tokens[i].start]]
    if any(word in _OURS for word in before[-2:]) or (before and before[-1] in everywhere_set("kin")):
        return True
    after = tokens[i + size : i + size + 1]
    return bool(after) and after[0].word in _OURS and "," in text[tokens[i + size - 1].end : after[0].start]


def _strangers(spans: Sequence[Span], at: Worded, public: set[int]) -> set[str]:
    """Words of names of other people in the text: with "Anna Parks" in it, "Parks" is no longer Rosa."""
    named = (at.of(span) for span in spans if span.label == "PERSON")
    return {t.word for words in named if len(words) > 1 and not any(t.start in public for t in words) for t in words}


def _surnames(tokens: Sequence[_Token], public: set[int], alone: frozenset[str]) -> set[str]:
    """Single words that stand for a figure here: the unmistakable, and the last words of those named in full."""
    last = {
        a.word
        for a, b in pairwise([*tokens, _Token(-1, -1, "", False)])
        if a.start in public and b.start not in public and len(a.word) > 3
    }
    return {word for word in last | alone if word not in WORDS_TOO}


@cache
def _plain() -> frozenset[str]:
    """Words that may stand in a span beside a well-known name without making it another."""
    known = refused_words() | everywhere_set("common") | everywhere_set("verbs") | PARTICLES
    return frozenset(fold(word) for word in known) | {"s", "saint", "king", "queen", "emperor", "president", "pope"}


def _known(text: str, span: Span, words: Sequence[_Token], public: set[int], private: set[str]) -> bool:
    """Whether a guessed span holds nothing but what everybody knows."""
    if span.label not in {"PERSON", "LOCATION"} or not words or _cut(span, words):
        return False
    if any(t.start in public for t in words):
        return all(t.start in public or t.word in _plain() for t in words)
    return _large(text, span, list(_bare(words)), private)


def _cut(span: Span, words: Sequence[_Token]) -> bool:
    return words[0].start < span.start or words[-1].end > span.end


def _bare(words: Sequence[_Token]) -> Iterator[_Token]:
    """The words without an article before them."""
    yield from words[1:] if len(words) > 1 and not words[0].capital and words[0].word in _plain() else words


def _large(text: str, span: Span, words: Sequence[_Token], private: set[str]) -> bool:
    """Whether the span is a large place that belongs to no address: no number beside it, no cue in the text."""
    if span.label != "LOCATION" and span.recognizer != "stray-name":
        return False
    if tuple(t.word for t in words) not in large_places() or not any(t.capital for t in words):
        return False
    if any(t.word in private for t in words) or not _free(text, words[0], words[-1]):
        return False
    line = text[max(0, span.start - 12) : span.start]
    return not (_ADDRESS.search(line) or _POSTCODE.match(text, span.end, span.end + 8))
