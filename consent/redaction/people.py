"""Reading a person's name from a place in a text, word by word: capitals, particles, initials, hyphens."""

import re
from typing import Final

WORD: Final = re.compile(r"[^\W\d_]+(?:['’´\-‐‑][^\W\d_]+)*")
_SPACES: Final = re.compile(r"[ \t\u00a0]{1,2}")
PARTICLES: Final = frozenset(
    "de da do dos das del della di du des van von der den ter ten la le el al bin bint ibn ben y e af av zu zur"
    " o ní nic mac abu af d".split()
)
MAX_WORDS: Final = 5
_LONGEST: Final = 60


def capitalised(word: str) -> bool:
    """Whether a word begins as names are written: "Anna", "O'Neill", "McKay", "d'Angelo", "al-Rashid"."""
    return word[0].isupper() or (len(word) > 3 and word[1] in "'’" and word[2].isupper()) or any(
        part[:1].isupper() for part in re.split(r"[-‐‑]", word)[1:]
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
