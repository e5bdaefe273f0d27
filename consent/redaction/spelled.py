"""Names spelled out: "M-A-R-I-A", "M, A, R", "M wie Martha", "B for Bravo"."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from consent.redaction.types import Span
from consent.redaction.words import alternatives, everywhere

_LETTERS: Final = re.compile(
    r"(?<![\w\-.])(?:(?i:(?:double|doppel|doble|doppia|dobro) )?[^\W\d_](?:\.? ?[\-–‐]{1,2} ?|, ?|\. ?|… ?| )){2,24}"
    r"(?i:(?:double|doppel|doble|doppia) )?[^\W\d_](?![\w\-])"
)
_WINDOW: Final = 40
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
MIN_BARE: Final = 4


@cache
def _cue() -> re.Pattern[str]:
    return re.compile(rf"(?i)(?:{alternatives(everywhere('spelled'))})\b[^\n.!?]{{0,25}}\Z")


@cache
def _as_in() -> re.Pattern[str]:
    one = rf"[^\W\d_],? (?:{alternatives(everywhere('as_in'))}) [^\W\d_]{{2,15}}"
    return re.compile(rf"(?i)(?<!\w){one}(?:[,;.]? (?:and |und |y |et |e )?{one}){{1,15}}(?!\w)")


def find(text: str) -> Iterator[Span]:
    """Spelled runs: of four letters, or of three where a word says that something is spelled."""
    for match in _LETTERS.finditer(text):
        letters = re.findall(r"(?<!\w)[^\W\d_](?!\w)", match.group())
        word = "".join(letters).lower()
        cued = bool(_cue().search(text[max(0, match.start() - _WINDOW) : match.start()]))
        if word in _ALPHABET or len(set(word)) == 1 or len(word) < (3 if cued else MIN_BARE):
            continue
        # Letters with nothing but spaces between them are spelled only if they are capitals: "a e i o u", "i o a te".
        if not cued and not any(sign in match.group() for sign in "-–‐,.") and not "".join(letters).isupper():
            continue
        if word in {"aeiou", "etc", "ddr"}:
            continue
        yield Span(match.start(), match.end(), "PERSON", 0.75, "spelled-out")
    for match in _as_in().finditer(text):
        yield Span(match.start(), match.end(), "PERSON", 0.75, "spelled-as-in")
