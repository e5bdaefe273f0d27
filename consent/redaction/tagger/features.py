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


def featurize(tokens: Sequence[Token], known: Collection[int]) -> Ids:
    """The features of the words of one text. Words that are not in ``known`` share one number."""
    if not tokens:
        return np.zeros((0, len(COLUMNS)), dtype=np.uint64)
    words = [token.text for token in tokens]
    of_word = {word: _of_word(word, known) for word in set(words)}
    rows = [(*of_word[word], place) for word, place in zip(words, _places(tokens), strict=True)]
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
    signs = "".join("X" if c.isupper() else "x" if c.isalpha() else "d" if c.isdigit() else c for c in word[:24])
    return re.sub(r"(.)\1{2,}", r"\1\1\1", signs)


def _places(tokens: Sequence[Token]) -> list[int]:
    """How each word stands: after what, whether the text has it in lower case too, how the text is cased."""
    lower = {token.text for token in tokens if token.text.islower()}
    titled = sum(1 for token in tokens if token.text[0].isupper())
    worded = sum(1 for token in tokens if token.text[0].isalpha())
    case = "none" if titled == 0 else "all" if titled > 0.8 * worded else "some"
    found = []
    before = "\n"
    end = -1
    for token in tokens:
        word = token.text
        starts = "line" if before == "\n" else "sentence" if before in _ENDS else ""
        also = word[0].isupper() and word.lower() in lower
        found.append(zlib.crc32(f"place:{starts}:{also}:{case}:{token.start == end}:{word[0].isupper()}".encode()))
        before, end = word, token.end
    return found
