"""Numbers said in words, digit by digit or in pairs, as people tell a telephone number in six languages."""

import itertools
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from consent.redaction.numerals import cue_before
from consent.redaction.types import Span
from consent.redaction.words import SUPPORTED, alternatives, words

MIN_WORDS: Final = 6
MIN_CUED: Final = 4


_LETTERS: Final = re.compile(r"[^\W\d_]+")


@cache
def _language(code: str) -> tuple[dict[str, int], re.Pattern[str]]:
    """The value of each digit's word, and the pattern of a run of number words."""
    values = {form: value for value, forms in enumerate(words(code)["digits"]) for form in forms.split("/")}
    one = rf"(?:(?:{alternatives(words(code)['double'])})[ \-])?(?:{alternatives([*values, *words(code)['tens']])})"
    run = rf"(?<!\w)(?:\+|plus |più |mais |más )?{one}(?:(?:[ ,.…\-–]|\s){{1,3}}{one}){{{MIN_CUED - 1},24}}(?!\w)"
    return values, re.compile(run, re.IGNORECASE)


def find(text: str) -> Iterator[Span]:
    """Runs of number words that are neither counting nor a year."""
    said_here = set(_LETTERS.findall(text.lower()))
    for code in SUPPORTED:
        values, pattern = _language(code)
        if len(said_here & values.keys()) < 2:
            continue
        for match in pattern.finditer(text):
            said = re.findall(r"[^\W\d_]+", match.group().lower())
            single = [values[word] for word in said if word in values]
            cued = cue_before(text, match.start()) in ("phone", "record", "national")
            # "zero sei, quarantotto, dodici, trentanove": pairs, told from the trunk's zero on or after a cue.
            paired = len(said) > MIN_CUED and (cued or single[:1] == [0])
            if (len(single) < 3 or _counting(single)) and not (paired and len(single) < 3):
                continue
            if len(said) >= MIN_WORDS or cued or paired:
                yield Span(match.start(), match.end(), "PHONE_NUMBER", 0.7, "spoken-digits")


def _counting(values: list[int]) -> bool:
    """Whether the words only count up or down, as children and dancers do."""
    steps = {b - a for a, b in itertools.pairwise(values)}
    return len(steps) <= 1
