"""The words of a question and of a sentence: which of them say something, and which sound alike."""

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")


def listed(text: str) -> frozenset[str]:
    """The words of a list that is written as a paragraph."""
    return frozenset(text.split())


#: Words that ask, join or point, and words for whoever is meant, which texts put as "I" and "she".
_EMPTY: Final = listed(
    """
    a about after all am an and any are as at be because been before being but by can could did do does doing during
    each every everybody everyone few for from had has have he her here hers him his how i if in inside into is it
    its kind many may me more most much must my no nobody nor not of off on one only or other our out over own same
    shall she should so some somebody someone something such take than that the their them then there these they
    this those through to too under up us very was way we were what when where which while who whom whose why will
    with without would you your go goes going went gone come came get got happen happened happens make made put tell
    told say said let used man woman person people narrator writer author guest somebody's boy girl
    """
)
NUMBERS: Final = listed(
    """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million half quarter
    dozen once twice both
    """
)
_ENDINGS: Final = ("ing", "ies", "ied", "ed", "es", "s", "er", "e", "y")


def words(text: str) -> list[str]:
    """The words of ``text`` in small letters, in their order."""
    return [match.group().casefold().replace("’", "'") for match in _WORD.finditer(text)]


def root(word: str) -> str:
    """What is left of a word without a common English ending, so that "boxes" and "box" are the same."""
    word = word.removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def telling(text: str) -> list[str]:
    """The words of a question that say what it is about, each once, in their order."""
    return list(dict.fromkeys(word for word in words(text) if word not in _EMPTY and len(word) > 1))


def is_number(word: str) -> bool:
    """Whether a word is a number, in digits or letters."""
    return word[0].isdigit() or all(part in NUMBERS or part == "and" for part in word.split("-"))
