"""Sifting what was guessed in English: mere words, headings and institutions are nobody.

The models and the rule of stray capitals know little of the world: "Farrier came", "the Royal Horticultural
Society", "Marked Romeo". What they guessed is held against a dictionary (`lexicon`) and against the run of capitals in
which it stands. What a cue found (a title, kinship, a greeting, a signature) is left as it is, but for the few rules
that guess themselves.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from consent.redaction.cues import refused_words
from consent.redaction.lexicon import Lexicon
from consent.redaction.people import PARTICLES, uncased
from consent.redaction.tagger import NAME as TAGGER
from consent.redaction.types import Span
from consent.redaction.words import extra, words

#: What guesses by context, and may have found no name at all.
GUESSED: Final = frozenset({"SpacyRecognizer", TAGGER, "stray-name"})
#: Rules by cue that take the word behind it whatever it is: a mere word alone is not what they look for.
_LOOSE: Final = frozenset({"name-verb", "verb-name", "apposition", "place-cue"})
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-‐‑][^\W\d_]+)*")
#: What stands before the name of a village, and never before an institution's without its article.
_AT: Final = frozenset({"in", "from", "at", "to", "near"})
_STRAY: Final = "stray-name"
#: What stands behind a name without being of it: "Anna Monday".
_DATED: Final = words("en").set("months") | {
    f"{day}day" for day in ("sun", "mon", "tues", "wednes", "thurs", "fri", "satur")
}
_SAINTS: Final = frozenset({"st", "saint"})
#: Small words within names of places.
_LINKS: Final = PARTICLES | {"of", "the", "on", "upon", "by", "under", "in", "next", "and", "over", "sur"}
#: What no name follows; the empty word is the beginning of a line.
_NOBODY_BEHIND: Final = frozenset({"", "the", "a", "an", "this", "that", "these", "every", "no"})
#: The first letter of a line (behind a label such as "anna:") or of a sentence.
_BEGINNING: Final = re.compile(r"(?:^(?:[^\n:]{1,24}:)?|[.!?…]\s)[ \t\"“‘(\-–—>*]*([^\W\d_])", re.MULTILINE)
#: Above this share of small beginnings, a capital says nothing, and neither does its lack.
CARELESS: Final = 0.4
#: A capital behind one of these begins a sentence or a quotation, and says nothing.
_BEGINS: Final = '.!?:…"“‘('
#: A sentence that goes on in small letters.
_GOES_ON: Final = re.compile(r"(?:['’]s)? [a-zß-ÿ]")
#: A title that is a whole word, and a point behind it.
_SPOKEN_TO: Final = re.compile(r"(?i:[^\W\d_]{4}|\bsir)\. \Z")
_DIGIT: Final = re.compile(r"\d")
_REACH: Final = 24


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    word: str

    @property
    def capital(self) -> bool:
        return self.word[0].isupper()


def careless(text: str) -> bool:
    """Whether a text uses capitals as it likes, as chats do: of its lines and sentences, few begin with one."""
    begun = [m.group(1) for m in _BEGINNING.finditer(text)]
    return uncased(text) or (len(begun) > 1 and sum(one.islower() for one in begun) > CARELESS * len(begun))


def _merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def sift(text: str, spans: Sequence[Span], lexicon: Lexicon) -> list[Span]:
    """The spans of an English text without guesses that the dictionary explains, the others trimmed to names.

    Where capitals say nothing, a name can hardly be told from a word: there only one model's guess goes, and only if
    every word of it is a mere word, without a capital that its place does not explain.
    """
    if not lexicon:
        return list(spans)
    sieve = _Sieve(text, spans, lexicon)
    return list(sieve.coarsely() if careless(text) else sieve.sifted())


class _Sieve:
    """One text, its words, and what cues found in it."""

    def __init__(self, text: str, spans: Sequence[Span], lexicon: Lexicon) -> None:
        self._text = text
        self._spans = spans
        self._lexicon = lexicon
        self._tokens = [_Token(m.start(), m.end(), m.group()) for m in _WORD.finditer(text)]
        self._at = {token.start: i for i, token in enumerate(self._tokens)}
        self._uncased = uncased(text)
        firm = [s for s in spans if s.recognizer not in GUESSED and s.recognizer not in _LOOSE]
        self._firm = _merged((s.start, s.end) for s in firm)
        self._named = {
            text[a:b].lower()
            for s in firm
            if s.label == "PERSON"
            for a, b in (m.span() for m in _WORD.finditer(text, s.start, s.end))
        }
        #: By word: what reads a person there, and what reads anything.
        self._people: defaultdict[int, set[str]] = defaultdict(set)
        self._readers: defaultdict[int, set[str]] = defaultdict(set)
        for span in spans:
            for token in self._within(span):
                self._readers[token.start].add(span.recognizer)
                if span.label == "PERSON":
                    self._people[token.start].add(span.recognizer)

    def sifted(self) -> Iterator[Span]:
        """What is left of the spans, in their order."""
        for span in self._spans:
            if span.recognizer in GUESSED and span.label == "PERSON":
                yield from self._person(span)
            elif span.recognizer in GUESSED and span.label == "LOCATION":
                place = self._short(span)
                if not self._known_place(place):
                    yield place
            elif not self._misled(span):
                yield span

    def _misled(self, span: Span) -> bool:
        """Whether a cue was none: a mere word behind a verb, or one with which a sentence begins behind a label."""
        tokens = self._within(span)
        if span.recognizer == "dialogue-label":
            return all(t.word.lower() in extra("heads", "roles") for t in tokens)
        if span.recognizer == "introduction" or self._spoken_to(span):
            return _GOES_ON.match(self._text, span.end) is not None and self._mere(tokens)
        return span.recognizer in _LOOSE and self._mere(tokens)

    def _spoken_to(self, span: Span) -> bool:
        """Whether a sentence ends between a title and what follows it: "Here, Miss. Fractions today"."""
        ended = self._text[max(0, span.start - 6) : span.start]
        return span.recognizer == "title" and _SPOKEN_TO.search(ended) is not None

    def coarsely(self) -> Iterator[Span]:
        """The spans without single guesses at mere words that nobody cared to write large."""
        for span in self._spans:
            guessed = span.recognizer in GUESSED and span.label in {"PERSON", "LOCATION"}
            if not guessed or self._firmly(span) or not self._idle(self._within(span)):
                yield span

    def _idle(self, tokens: Sequence[_Token]) -> bool:
        """Whether a careless text has mere words here, guessed by one model and written small."""
        if self._by_both(tokens) or not self._mere(tokens):
            return False
        return not (tokens[0].capital and self._within_a_sentence(tokens))

    def _person(self, span: Span) -> Iterator[Span]:
        """A guessed name, trimmed; nothing where no name is left, or an institution has it."""
        tokens = self._within(span)
        if not tokens:
            return
        if self._firmly(span) or any(t.word.lower() in self._named for t in tokens):
            yield from self._cut(span, tokens, self._untitled(tokens))
            return
        if self._institution(tokens):
            return
        if self._settlement(tokens):
            yield span
            return
        named = self._trimmed(tokens)
        if span.recognizer == _STRAY and not self._supported(span, tokens):
            return
        if named and not self._mere(named):
            yield from self._cut(span, tokens, named)
        elif self._agreed(span, tokens) or self._rarely_a_name(span, tokens):
            yield span

    def _cut(self, span: Span, tokens: Sequence[_Token], left: Sequence[_Token]) -> Iterator[Span]:
        """The span over the words that are ``left`` of its ``tokens``: as it was where all are."""
        if left:
            start = span.start if left[0] is tokens[0] else left[0].start
            end = span.end if left[-1] is tokens[-1] else left[-1].end
            yield Span(start, end, span.label, span.score, span.recognizer)

    def _untitled(self, tokens: Sequence[_Token]) -> Sequence[_Token]:
        """The words from the first on that a cue named, or that is no title and no other word for a person."""
        first = 0
        while first < len(tokens) - 1 and self._leads(tokens[first]) and tokens[first].word.lower() not in self._named:
            first += 1
        return tokens[first:]

    def _within(self, span: Span) -> list[_Token]:
        """The words that a span touches."""
        return [t for t in self._near(span.start) if t.end > span.start and t.start < span.end]

    def _near(self, start: int) -> Iterator[_Token]:
        """The words from the one at ``start`` on, by walking from an earlier known one."""
        low, high = 0, len(self._tokens)
        while low < high:
            middle = (low + high) // 2
            if self._tokens[middle].end <= start:
                low = middle + 1
            else:
                high = middle
        yield from self._tokens[low : low + 40]

    def _firmly(self, span: Span) -> bool:
        """Whether a cue found something that touches the span: the last stretch that begins before its end."""
        before = bisect_left(self._firm, (span.end, 0))
        return before > 0 and self._firm[before - 1][1] > span.start

    def _mere(self, tokens: Sequence[_Token]) -> bool:
        """Whether every word is one of the dictionary that nobody is called by, or a particle."""
        return bool(tokens) and all(t.word.lower() in PARTICLES or self._plain(t) for t in tokens)

    def _plain(self, token: _Token) -> bool:
        return self._lexicon.mere(token.word)

    def _trimmed(self, tokens: Sequence[_Token]) -> Sequence[_Token]:
        """The words without those at the ends that are none of a name: verbs, trades, what begins a sentence."""
        first, last = 0, len(tokens)
        while first < last and self._leads(tokens[first]):
            first += 1
        while last > first and self._follows(tokens[last - 1]):
            last -= 1
        return tokens[first:last]

    def _leads(self, token: _Token) -> bool:
        return self._plain(token) and token.word.lower() not in PARTICLES

    def _follows(self, token: _Token) -> bool:
        """Whether a word at the end belongs to the sentence: small and plain, or a month or a day."""
        low = token.word.lower()
        if token.capital:
            return low in _DATED and not self._lexicon.named(low)
        known = low in refused_words() or low in words("en").set("common") or low in words("en").set("verbs")
        return (known and not self._lexicon.named(low)) or self._plain(token)

    def _institution(self, tokens: Sequence[_Token]) -> bool:
        """Whether the capitals around these words end in what institutions and things are called."""
        run = self._run(tokens)
        if len(run) < 2:
            return False
        if run[0].word.lower() in _SAINTS:
            return True
        low = run[-1].word.lower()
        if low in extra("heads", "sure") and not self._lexicon.named(low):
            return True
        heads = extra("heads", "likely") | extra("heads", "sure")
        return low in heads and self._before(run) in extra("heads", "before")

    def _agreed(self, span: Span, tokens: Sequence[_Token]) -> bool:
        """Whether both models read somebody here, in a capital that its sentence does not explain: "Then Wren came"."""
        capital = tokens[0].capital and self._within_a_sentence(tokens)
        if span.recognizer == _STRAY or not (self._uncased or capital):
            return False
        if any(t.word.lower() in refused_words() for t in tokens):
            return False
        return self._by_both(tokens)

    def _by_both(self, tokens: Sequence[_Token]) -> bool:
        """Whether both models read somebody in these words."""
        return {"SpacyRecognizer", TAGGER} <= set().union(*(self._people[t.start] for t in tokens))

    def _rarely_a_name(self, span: Span, tokens: Sequence[_Token]) -> bool:
        """Whether a model reads somebody in a word that few are called by, in a capital that nothing else explains."""
        return (
            span.recognizer != _STRAY
            and self._within_a_sentence(tokens)
            and any(t.capital and t.word.lower() in extra("names_too", "rare") for t in tokens)
        )

    def _within_a_sentence(self, tokens: Sequence[_Token]) -> bool:
        """Whether a word stands before these in their line, no article, and no sentence ends in between."""
        if self._before(tokens) in _NOBODY_BEHIND:
            return False
        between = self._text[max(0, tokens[0].start - 3) : tokens[0].start]
        return not any(sign in between for sign in _BEGINS)

    def _supported(self, span: Span, tokens: Sequence[_Token]) -> bool:
        """Whether a stray capital has more for it: a model, a word beside it that goes with people, no dictionary."""
        if any(self._readers[t.start] - {_STRAY} for t in tokens):
            return True
        if self._within_a_sentence(tokens) and not any(self._lexicon.knows(t.word) for t in tokens):
            return True
        last = self._at[tokens[-1].start]
        behind = self._tokens[last + 1].word.lower() if last + 1 < len(self._tokens) else ""
        return self._before(tokens) in extra("heads", "before_people") or behind in words("en").set("verbs")

    def _settlement(self, tokens: Sequence[_Token]) -> bool:
        """Whether words read as a village: "in Stoke Ferry", "from Hebden Bridge"; not "to the Town Hall"."""
        run = self._run([t for t in tokens if t.capital] or tokens)
        return len(run) > 1 and run[-1].word.lower() in extra("heads", "likely") and self._before(run) in _AT

    def _before(self, run: Sequence[_Token]) -> str:
        """The word before a run, in small letters; empty where none is in the same line."""
        first = self._at[run[0].start]
        if not first or "\n" in self._text[self._tokens[first - 1].end : run[0].start]:
            return ""
        return self._tokens[first - 1].word.lower()

    def _run(self, tokens: Sequence[_Token]) -> list[_Token]:
        """The capitalised words around a span that stand side by side in one line."""
        first, last = self._at[tokens[0].start], self._at[tokens[-1].start]
        while first and self._joined(first - 1, first):
            first -= 1
        while last + 1 < len(self._tokens) and self._joined(last, last + 1):
            last += 1
        return self._tokens[first : last + 1]

    def _joined(self, one: int, other: int) -> bool:
        a, b = self._tokens[one], self._tokens[other]
        if a.word.lower() in extra("heads", "fields") or b.word.lower() in extra("heads", "fields"):
            return False
        return a.capital and b.capital and self._text[a.end : b.start] == " "

    def _short(self, span: Span) -> Span:
        """A guessed place up to the first small word that joins no place: "the Hall with Zadok" is the hall."""
        tokens = self._within(span)
        for before, token in pairwise(tokens):
            small = not token.capital and token.word not in _LINKS and self._lexicon.mere(token.word)
            if before.capital and small and not self._uncased:
                return Span(span.start, before.end, span.label, span.score, span.recognizer)
        return span

    def _known_place(self, span: Span) -> bool:
        """Whether a guessed place is in the dictionary, and no address has it."""
        if self._firmly(span) or _DIGIT.search(self._text[max(0, span.start - _REACH) : span.end + _REACH]):
            return False
        tokens = self._within(span)
        if not tokens or any(t.word.lower() in self._named for t in tokens):
            return not tokens
        if span.recognizer == TAGGER and len(tokens) > 2:
            # It reads addresses without a number: "The Old Bakery, Mill Lane".
            return False
        if self._settlement(tokens) or self._somebody(tokens):
            return False
        known = all(t.word.lower() in _LINKS or self._lexicon.knows(t.word) for t in tokens)
        return known or self._institution(tokens)

    def _somebody(self, tokens: Sequence[_Token]) -> bool:
        """Whether a guessed place may be a person: "my uncle stanley", and any name in a text without capitals."""
        if not any(self._lexicon.named(t.word) for t in tokens):
            return False
        before = self._before(tokens)
        return self._uncased or before in words("en").set("kin") or before in words("en").set("titles")
