"""Names by elimination, in English: words that no dictionary has, where only a name or a mistake can stand.

"Fenella left soup at the door": a small model has never met her, and her capital says nothing, since a sentence begins
with it. The dictionary (`lexicon`) says something: English words are in it. The same holds for every word of a text
without capitals, such as a chat. What else is in no dictionary (a trade mark, a dish, a slip of the pen) is taken for a
name with it: that is the price.
"""

import re
from collections.abc import Iterator
from typing import Final

from consent.redaction.lexicon import Lexicon
from consent.redaction.sift import careless
from consent.redaction.types import Span
from consent.redaction.words import words

#: The same name as the rule of stray capitals: it is the same guess, and may be taken back for the same reasons.
NAME: Final = "stray-name"
SCORE: Final = 0.42
#: Never a step back: a megabyte of letters or hyphens is read once.
_WORD: Final = r"[^\W\d_]++(?:[\-‐‑][^\W\d_]++)*+"
#: What begins a sentence or a line and goes on in small letters: "Biji was", "Oonagh's", "Petros, who".
_OPENER: Final = re.compile(
    rf"(?:^[ \t\-–—*•>]*|(?<=[.!?…:;]) [\"“‘(]?|[\"“‘(])(?P<name>{_WORD})(?:['’]s)?,? (?P<next>[^\W\d_]+)", re.MULTILINE
)
#: A word by itself: no part of an address of the network, a path or a number.
_BARE: Final = re.compile(rf"(?<![\w@#./\\<\-]){_WORD}(?![\w@/\\>\-]|\.\w)")
#: One who is called ("Xiuying? Here.") or stands first in a list: "There were six of us: Cuauhtémoc, Maisie".
_CALLED: Final = re.compile(
    rf"(?:^[ \t]*|(?<=[.!?…:] ))(?P<name>{_WORD})(?=\?)|(?<=: )(?P<listed>{_WORD})(?=, )", re.MULTILINE
)
_LABEL: Final = re.compile(r" ?:\s")
_BESIDE: Final = re.compile(rf" (?P<name>{_WORD})")
_VOWEL: Final = re.compile(r"[aeiouyà-æè-öø-ÿāēīōūąęı]", re.IGNORECASE)
_DRAWN: Final = re.compile(r"(.)\1\1|^(?:h[ae]){2,}h?$", re.IGNORECASE)
#: Words before these are more than one thing: "Fortisips were".
_MANY_TEXT: Final = "are were have do don haven weren aren need come go make take keep grow look seem"
_OF_MANY: Final = frozenset(_MANY_TEXT.split())
LEAST: Final = 3
LONGEST: Final = 30
#: In a text without capitals three letters are as often an abbreviation, unless a label has them.
LEAST_SMALL: Final = 4


def unknown_names(text: str, lexicon: Lexicon) -> Iterator[Span]:
    """The words of an English text that can only be names. None without a dictionary."""
    if not lexicon:
        return
    yield from _words(text, lexicon) if careless(text) else _openers(text, lexicon)


def _openers(text: str, lexicon: Lexicon) -> Iterator[Span]:
    for match in _OPENER.finditer(text):
        word, following = match["name"], match["next"]
        if not following.islower() or not word[0].isupper() or word.isupper() or len(word) < LEAST:
            continue
        if word[-1] == "s" and following in _OF_MANY:
            continue
        if _unknown(word, lexicon):
            yield Span(*match.span("name"), "PERSON", SCORE, NAME)
    for match in _CALLED.finditer(text):
        word = match["name"] or match["listed"]
        if word[0].isupper() and not word.isupper() and len(word) >= LEAST and _unknown(word, lexicon):
            yield Span(*match.span("name" if match["name"] else "listed"), "PERSON", SCORE, NAME)


def _words(text: str, lexicon: Lexicon) -> Iterator[Span]:
    for match in _BARE.finditer(text):
        word = match.group()
        least = LEAST if _LABEL.match(text, match.end()) else LEAST_SMALL
        if len(word) < least or (word.isupper() and not text.isupper()) or not _VOWEL.search(word):
            continue
        if _unknown(word, lexicon):
            yield Span(match.start(), _with_surname(text, match.end(), lexicon), "PERSON", SCORE, NAME)


def _with_surname(text: str, end: int, lexicon: Lexicon) -> int:
    """Where a name without capitals ends: behind a surname that is a word too, as in "maisie birch"."""
    beside = _BESIDE.match(text, end)
    if beside is None or not lexicon.named(beside["name"]) or beside["name"].lower() in words("en").set("common"):
        return end
    return beside.end()


def _unknown(word: str, lexicon: Lexicon) -> bool:
    """Whether no part of a word is in the dictionary, nor the whole, however it was slipped or drawn out: "heyyy"."""
    if len(word) > LONGEST or _DRAWN.search(word) or lexicon.knows(word):
        return False
    return not any(lexicon.knows(part) for part in re.split(r"[\-‐‑]", word)) and not _slipped(word.lower(), lexicon)


def _slipped(word: str, lexicon: Lexicon) -> bool:
    """Whether two letters side by side changed places in a word: "kicthen"; in a short one only in an everyday word."""
    common = words("en").set("common")
    for i in range(len(word) - 1):
        turned = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        if turned in common or (len(word) > 5 and lexicon.mere(turned)):
            return True
    return False
