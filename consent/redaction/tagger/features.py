"""What the tagger sees of a text: its words, and for each word nine small facts.

Nothing here keeps a word: features are numbers (CRC-32 of a short string), computed anew for every call.
"""

import re
import unicodedata
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

#: A line break, a word (with its combining marks), a number, or one sign of any other kind.
_TOKEN: Final = re.compile(r"\n|(?:[^\W\d_][\u0300-\u036f]*)+|\d+|\S")
_ENDS: Final = frozenset('.!?…\n:«»„“”"—–')

#: One column each: the word, its first three letters, its last two, three and four, its shape, the letters
#: inside it, its length, and how it stands in its text.
COLUMNS: Final = ("norm", "prefix", "suffix2", "suffix3", "suffix4", "shape", "middle", "length", "place")
UNKNOWN: Final = zlib.crc32(b"norm:\x00unknown")

Ids = Any  # numpy array of uint64, tokens x columns


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text and where it stands: code points ``start`` to ``end``."""

    start: int
    end: int
    text: str


def tokenize(text: str) -> list[Token]:
    """The words, numbers, signs and line breaks of ``text``, in order."""
    return [Token(m.start(), m.end(), m.group()) for m in _TOKEN.finditer(text)]


def norm(word: str) -> str:
    """The word as the vocabulary knows it: composed, lower case, numbers by their length."""
    if word.isdigit():
        return "0" * min(len(word), 6)
    return (word if word.isascii() else unicodedata.normalize("NFC", word)).lower()


def norm_id(word: str) -> int:
    """The number of a word in the vocabulary."""
    return zlib.crc32(f"norm:{norm(word)}".encode())


def featurize(tokens: Sequence[Token], known: Collection[int], seen: dict[str, tuple[int, ...]] | None = None) -> Ids:
    """The features of the words of one text. Words that are not in ``known`` share one number.

    ``seen`` holds what words are by themselves, for texts that are read in one call; it is added to.
    """
    if not tokens:
        return np.zeros((0, len(COLUMNS)), dtype=np.uint64)
    of_word = {} if seen is None else seen
    for token in tokens:
        if token.text not in of_word:
            of_word[token.text] = _of_word(token.text, known)
    rows = [(*of_word[token.text], place) for token, place in zip(tokens, _places(tokens), strict=True)]
    return np.array(rows, dtype=np.uint64)


def _of_word(word: str, known: Collection[int]) -> tuple[int, ...]:
    """What a word is by itself: all columns but the last."""
    low = norm(word)
    identity = zlib.crc32(f"norm:{low}".encode())
    marked = f"<{low}>"
    parts = (
        f"prefix:{low[:3]}",
        f"suffix2:{low[-2:]}",
        f"suffix3:{low[-3:]}",
        f"suffix4:{marked[-5:]}",
        f"shape:{shape(word)}",
        f"middle:{low[1:5]}",
        f"length:{min(len(word), 14)}",
    )
    return (identity if identity in known else UNKNOWN, *(zlib.crc32(p.encode()) for p in parts))


def shape(word: str) -> str:
    """``Xx``, ``X``, ``xx`` and the like, runs cut to three."""
    if word.isalpha():
        if word.islower():
            return "xxx"[: len(word)]
        if word[0].isupper() and (len(word) == 1 or word[1:].islower()):
            return "Xxxx"[: len(word)]
    signs = "".join("X" if c.isupper() else "x" if c.isalpha() else "d" if c.isdigit() else c for c in word[:24])
    return re.sub(r"(.)\1{2,}", r"\1\1\1", signs)


def _places(tokens: Sequence[Token]) -> list[int]:
    """How each word stands: after what, whether the text has it in lower case too, how the text is cased."""
    lower = {token.text for token in tokens if token.text.islower()}
    large = [token.text[0].isupper() for token in tokens]
    worded = sum(token.text[0].isalpha() for token in tokens)
    case = "all" if sum(large) > 0.8 * worded else "some" if any(large) else "none"
    numbers: dict[tuple[str, bool, bool, bool], int] = {}
    found = []
    before, end = "\n", -1
    for token, capital in zip(tokens, large, strict=True):
        starts = "line" if before == "\n" else "sentence" if before in _ENDS else ""
        also = capital and token.text.lower() in lower
        key = (starts, also, token.start == end, capital)
        if key not in numbers:
            numbers[key] = zlib.crc32(f"place:{starts}:{also}:{case}:{key[2]}:{capital}".encode())
        found.append(numbers[key])
        before, end = token.text, token.end
    return found
