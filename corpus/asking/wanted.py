"""What kind of answer a question asks for, and whether a sentence holds one of that kind."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from corpus.asking.words import is_number, listed, root, words

Holds = Callable[[str], bool]

_MONEY: Final = listed(
    """
    pound pounds penny pence shilling shillings crown guinea dollar dollars cent cents euro euros franc francs £ $ €
    """
)
_COSTS: Final = listed(
    """
    cost costs paid pay price rent wage worth charge fee earn owe
    """
)
_MONTHS: Final = listed(
    """
    january february march april may june july august september october november december
    """
)
_TIMES: Final = listed(
    """
    monday tuesday wednesday thursday friday saturday sunday morning noon evening night midnight spring summer
    autumn winter christmas easter o'clock yesterday today year years
    """
)
_COLOURS: Final = listed(
    """
    colour color red green blue yellow brown black white grey gray orange purple violet pink gold golden silver
    cream crimson scarlet amber
    """
)
_LENGTHS: Final = listed(
    """
    inch inches foot feet yard yards mile miles metre metres meter meters centimetre centimetres cm mm km size tall
    high wide long deep
    """
)
_SPANS: Final = listed(
    """
    second seconds minute minutes hour hours day days week weeks fortnight month months year years decade decades
    """
)
_BETWEEN: Final = 3


def wanted(question: str) -> Holds:
    """Tells of a sentence whether it may answer: a number where one is asked for, a time, a price, a colour."""
    asked = words(question)
    pairs = list(pairwise(asked))
    if ("how", "many") in pairs:
        counted = asked[asked.index("many") + 1 :][:1]
        return lambda sentence: _counts(sentence, counted[0] if counted else "")
    if ("how", "much") in pairs or (_COSTS & set(asked) and "what" in asked):
        return _a_price if _COSTS & set(asked) else _a_number
    if any(pair in pairs for pair in (("how", "old"), ("what", "age"), ("how", "often"), ("how", "far"))):
        return _a_number
    if any(("how", word) in pairs for word in ("tall", "high", "wide", "deep", "big", "large", "heavy", "broad")):
        return lambda sentence: _a_number(sentence) and bool(_LENGTHS & set(words(sentence)))
    if ("how", "long") in pairs:
        return lambda sentence: bool((_SPANS | _LENGTHS) & set(words(sentence)))
    if asked[:1] == ["when"] or "when" in asked[:2] or ("what", "time") in pairs or {"what", "year"} <= set(asked):
        return _a_time
    if ("what", "colour") in pairs or ("what", "color") in pairs:
        return lambda sentence: bool(_COLOURS & set(words(sentence)))
    return lambda sentence: bool(sentence)


def _counts(sentence: str, counted: str) -> bool:
    """A number shortly before the thing that is counted; any number where that is not named in the sentence."""
    said = words(sentence)
    places = [place for place, word in enumerate(said) if counted and root(word) == root(counted)]
    numbers = [place for place, word in enumerate(said) if is_number(word)]
    return any(0 < place - number <= _BETWEEN for place in places for number in numbers)


def _a_number(sentence: str) -> bool:
    return any(is_number(word) for word in words(sentence))


def _a_price(sentence: str) -> bool:
    return bool(re.search(r"[£$€]\s?\d", sentence)) or (_a_number(sentence) and bool(_MONEY & set(words(sentence))))


def _a_time(sentence: str) -> bool:
    said = set(words(sentence))
    return _a_number(sentence) or bool(said & (_MONTHS | _TIMES))
