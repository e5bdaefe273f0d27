"""Capitalised words within a sentence that nothing else explains, in languages without a model.

Spanish, French, Italian and Portuguese write common nouns, months and days small: a capital within a sentence
is a name, a place or an organisation. German writes every noun with a capital; there only two in a row count,
or one where no noun stands bare.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from consent.redaction.cues import NOUNS_CAPITALISED
from consent.redaction.people import PARTICLES, WORD
from consent.redaction.types import Span
from consent.redaction.words import words

SCORE: Final = 0.42
_BEFORE: Final = re.compile(r"(?:^|[.!?:…\n\"“«„”»¿¡(\-–—*•>\[|])\s*\Z")
_GAP: Final = re.compile(r"[ \u00a0]\Z")
_NOUN_END: Final = re.compile(
    r"(?:ung|heit|keit|schaft|tion|tät|nis|tum|ling|chen|lein|zeug|werk|stoff|zeit|haus|schule|platz|straße|tag|"
    r"nacht|"
    r"woche|monat|jahr|uhr|abend|morgen|garten|küche|zimmer|wasser|brot|kuchen|suppe|wagen|bahn|dienst|ismus|"
    r"ment|eur|ler|ner)(?:e|en|er|n|s|es)?\Z"
)


def finder(language: str) -> Callable[[str], Iterator[Span]]:
    """The finder of stray names in one language."""
    return (
        (lambda text: _pairs(text, language))
        if language in NOUNS_CAPITALISED
        else (lambda text: _words(text, language))
    )


@cache
def _refused(language: str) -> frozenset[str]:
    w = words(language)
    return (
        w.set("not_names")
        | w.set("common")
        | w.set("months")
        | w.set("kin")
        | w.set("titles")
        | w.set("not_nouns")
        | w.set("street_first")
    )


def _tokens(text: str) -> list[re.Match[str]]:
    return list(WORD.finditer(text))


def _words(text: str, language: str) -> Iterator[Span]:
    tokens = _tokens(text)
    small = {m.group() for m in tokens if m.group().islower()}
    refused = _refused(language)
    for i, token in enumerate(tokens):
        if not _named(token.group(), refused, small):
            continue
        within = not _starts(text, token.start()) or _listed(text, token)
        leads = i + 1 < len(tokens) and _goes_on(text, tokens, i, refused, small)
        if within or leads:
            yield Span(token.start(), token.end(), "PERSON", SCORE, "stray-name")


def _listed(text: str, token: re.Match[str]) -> bool:
    """Whether a list begins with this word: "éramos seis: Lani, Aitor"."""
    return text[max(0, token.start() - 2) : token.start()] == ": " and text[token.end() : token.end() + 1] == ","


def _goes_on(text: str, tokens: list[re.Match[str]], i: int, refused: frozenset[str], small: set[str]) -> bool:
    """Whether a name goes on after this first word of a sentence: "Ignacio Prat llegó", "Ana de Sousa"."""
    after = i + 1
    if tokens[after].group() in PARTICLES and after + 1 < len(tokens):
        after += 1
    gap = text[tokens[i].end() : tokens[after].start()]
    return gap.replace(tokens[i + 1].group(), "").strip() == "" and _named(tokens[after].group(), refused, small)


def _named(word: str, refused: frozenset[str], small: set[str]) -> bool:
    folded = word.lower().replace("’", "'")
    if folded.split("'")[-1] in refused or folded in refused or folded in small or len(word) < 3:
        return False
    head = re.split(r"['’]", word)[-1]
    return head[:1].isupper() and not word.isupper()


def _starts(text: str, at: int) -> bool:
    return bool(_BEFORE.search(text[max(0, at - 4) : at])) or at == 0


def _pairs(text: str, language: str) -> Iterator[Span]:
    """German: two capitalised words side by side, neither of them a plain noun by its ending or use."""
    tokens = _tokens(text)
    small = {m.group() for m in tokens if m.group().islower()}
    refused = _refused(language)
    used_as_noun = _nouns(tokens)
    yield from _bare(text, tokens, language, used_as_noun, small)
    for a, b in pairwise(tokens):
        if not _GAP.match(text[a.end() : b.start()]) or b.start() - a.end() != 1:
            continue
        first, second = a.group(), b.group()
        if not (_named(first, refused, small) and _named(second, refused, small)):
            continue
        if (
            _NOUN_END.search(first.lower())
            or first in used_as_noun
            or (second in used_as_noun and _starts(text, a.start()))
        ):
            continue
        yield Span(a.start(), b.end(), "PERSON", SCORE, "stray-name")


#: Prepositions behind which a noun without article is rarer than a name.
_BARE: Final = {
    "in": "LOCATION",
    "aus": "LOCATION",
    "nach": "LOCATION",
    "bei": "PERSON",
    "von": "PERSON",
    "mit": "PERSON",
    "für": "PERSON",
    "und": "PERSON",
}


def _bare(
    text: str, tokens: list[re.Match[str]], language: str, used_as_noun: set[str], small: set[str]
) -> Iterator[Span]:
    """A capitalised word straight behind a preposition that is not known to be a noun."""
    refused = _refused(language) | words(language).set("bare")
    for a, b in pairwise(tokens):
        label = _BARE.get(a.group().lower())
        if label is None or b.start() - a.end() != 1 or not _named(b.group(), refused, small):
            continue
        word = b.group()
        if _NOUN_END.search(word.lower()) or word in used_as_noun or _PLURAL.search(word):
            continue
        yield Span(b.start(), b.end(), label, SCORE, "stray-name")


_PLURAL: Final = re.compile(r"(?:en|ern|eln|er|e)\Z")
_DETERMINERS_TEXT: Final = (
    "der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner mein meine meinen "
    "meinem meiner"
    " dein deine deinen deinem deiner sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser unsere "
    "unseren unserem"
    " unserer euer eure dieser diese dieses diesen diesem jeder jede jedes jeden jedem viele alle einige manche "
    "zum zur im am"
    " beim vom ins ans"
)
_DETERMINERS: Final = frozenset(_DETERMINERS_TEXT.split())


def _nouns(tokens: list[re.Match[str]]) -> set[str]:
    """Capitalised words that stand behind a determiner somewhere in the text."""
    return {b.group() for a, b in pairwise(tokens) if a.group().lower() in _DETERMINERS}
