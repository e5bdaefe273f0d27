"""Reading a person's name from a place in a text, word by word: capitals, particles, initials, hyphens."""

import re
from functools import cache
from typing import Final

from consent.redaction.words import words

WORD: Final = re.compile(r"[^\W\d_]+(?:['’´\-‐‑][^\W\d_]+)*")
_SPACES: Final = re.compile(r"[ \t\u00a0]{1,2}")
PARTICLES_TEXT: Final = (
    "de da do dos das del della di du des van von der den ter ten la le el al bin bint ibn ben y e af av zu zur"
    " o ní nic mac abu af d"
)
PARTICLES: Final = frozenset(PARTICLES_TEXT.split())
MAX_WORDS: Final = 5
_LONGEST: Final = 60


def capitalised(word: str) -> bool:
    """Whether a word begins as names are written: "Anna", "O'Neill", "McKay", "d'Angelo", "al-Rashid"."""
    return (
        word[0].isupper()
        or (len(word) > 3 and word[1] in "'’" and word[2].isupper())
        or any(part[:1].isupper() for part in re.split(r"[-‐‑]", word)[1:])
    )


def name_at(text: str, at: int, refused: frozenset[str], *, lower: bool = False) -> tuple[int, int] | None:
    """The stretch from ``at`` on that reads as a name, or None.

    ``refused`` are lower-cased words that are no names. With ``lower`` one or two words without capitals count.
    """
    end: int | None = None
    position, count, large = at, 0, False
    while count < MAX_WORDS and position - at < _LONGEST:
        match = WORD.match(text, position)
        if match is None:
            break
        word = match.group()
        folded = word.lower()
        if count and folded in PARTICLES and not word[0].isupper():
            following = _after(text, match.end())
            nxt = WORD.match(text, following) if following is not None else None
            if nxt is None or not capitalised(nxt.group()):
                break
            position, count = following or match.end(), count + 1
            continue
        plain = folded.replace("’", "'")
        if plain in refused or (word.isupper() and len(word) > 15):
            break
        if not capitalised(word) and not (lower and not large and count < 2 and 2 < len(word) < 16):
            break
        end = match.end()
        large = large or word[0].isupper()
        if lower and not word[0].isupper():
            # In lower case the second word is as often the next of the sentence: take it only at a line's end.
            count += 1
            rest = _after(text, end)
            if rest is None or not re.match(r"[^\W\d_]{2,15}(?=\s*(?:[,.!?\n]|\Z))", text[rest : rest + 20]):
                break
            position = rest
            continue
        if len(word) == 1 and text[end : end + 1] == ".":
            end += 1
        count += 1
        following = _after(text, end)
        if following is None:
            break
        position = following
    return (at, end) if end is not None and end - at >= 2 else None


def _after(text: str, end: int) -> int | None:
    match = _SPACES.match(text, end)
    return match.end() if match else None


def without_capitals(text: str) -> bool:
    """Whether a text is written in small letters throughout, as many chats are."""
    return sum(map(str.isupper, text)) * 200 < len(text)


def recased(text: str) -> str:
    """A text without capitals as the model knows texts: capitals on what is no everyday word. Same length.

    The model learned from newspapers and finds few names in small letters, or among nothing but capitals.
    """
    if not uncased(text):
        return _SHOUTED_NAME.sub(lambda m: m.group().title(), text)
    shown = text.lower() if _shouted(text) else text
    if len(shown) != len(text):
        return text
    return WORD.sub(_with_capital, shown)


#: Two words and more in capitals within other text: a name as forms and registers write it.
_SHOUTED_NAME: Final = re.compile(r"(?<!\w)[A-ZÀ-ÖØ-Þ]{3,20}(?:[ \-][A-ZÀ-ÖØ-Þ]{2,20}){1,3}(?!\w)")


def uncased(text: str) -> bool:
    """Whether a text has next to no capitals, or next to nothing else."""
    return without_capitals(text) or _shouted(text)


def _shouted(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return letters > 20 and sum(map(str.isupper, filter(str.isalpha, text))) > 0.8 * letters


def _with_capital(match: re.Match[str]) -> str:
    word = match.group()
    if len(word) < 3 or word in _plain_words() or word.split("'")[0] in _plain_words():
        return word
    capital = "-".join(part[:1].upper() + part[1:] for part in word.split("-"))
    return capital if len(capital) == len(word) else word


@cache
def _plain_words() -> frozenset[str]:
    w = words("en")
    return frozenset().union(
        *(
            w.set(name)
            for name in (
                "common",
                "not_names",
                "kin",
                "verbs",
                "street_last",
                "records",
                "impersonal",
                "phone",
                "fillers",
            )
        )
    )


def grown(text: str, start: int, end: int, refused: frozenset[str]) -> tuple[int, int]:
    """A name with the capitalised words directly beside it: half of "Aroha Te Whata" still names her."""
    for _ in range(3):
        gap = _SPACES.match(text, end)
        match = WORD.match(text, gap.end()) if gap else None
        if (
            match is None
            or not capitalised(match.group())
            or match.group().lower() in refused
            or match.group().isupper()
        ):
            break
        end = match.end()
    for _ in range(3):
        before = _BEFORE.search(text[max(0, start - _REACH) : start])
        if (
            before is None
            or before.group("w").lower() in refused
            or not capitalised(before.group("w"))
            or before.group("w").isupper()
        ):
            break
        start -= len(before.group("w")) + len(before.group("gap"))
    return start, end


_REACH: Final = 40
#: A word before a name, itself within a sentence: what begins a sentence has its capital from that.
_BEFORE: Final = re.compile(r"(?<=[\w,] )(?P<w>[^\W\d_]+(?:['’\-][^\W\d_]+)*)(?P<gap> )\Z")
