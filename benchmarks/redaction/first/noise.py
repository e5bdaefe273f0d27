"""Writing as people write: lower case, no punctuation, both as in a transcript of speech, slips of the keys.

What identifies is changed as a person would change it: names lose their capitals, never their letters; numbers
keep everything.
"""

import random
import re
from dataclasses import dataclass, replace
from typing import Final

#: Labels whose capitals a careless writer drops too.
_WORDED: Final = frozenset({"PERSON", "ADDRESS", "LOCATION"})
_PUNCTUATION: Final = re.compile(r"[.,;:!?¿¡\"“”„«»()…]")
_WORD: Final = re.compile(r"[^\W\d_]{5,}")
#: Noise and its share.
KINDS: Final = (("", 0.7), ("lower", 0.1), ("bare", 0.06), ("speech", 0.07), ("slips", 0.07))
_SLIP: Final = 0.12


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a finished text: planted under ``label``, kept for ``why``, or neither."""

    text: str
    label: str = ""
    why: str = ""


def kind(rng: random.Random) -> str:
    """Which noise a text gets; most get none."""
    return rng.choices([name for name, _ in KINDS], [share for _, share in KINDS])[0]


def noisy(rng: random.Random, pieces: list[Piece], which: str) -> list[Piece]:
    """The pieces with the noise ``which``."""
    result = pieces
    if which in ("lower", "speech"):
        result = [replace(piece, text=_lower(piece)) for piece in result]
    if which in ("bare", "speech"):
        result = [replace(piece, text=_bare(piece)) for piece in result]
    if which == "slips":
        result = [replace(piece, text=_slips(rng, piece)) for piece in result]
    return [piece for piece in result if piece.text]


def _lower(piece: Piece) -> str:
    return piece.text if piece.label and piece.label not in _WORDED else piece.text.lower()


def _bare(piece: Piece) -> str:
    return piece.text if piece.label or piece.why else _PUNCTUATION.sub("", piece.text)


def _slips(rng: random.Random, piece: Piece) -> str:
    """Two neighbouring letters inside some longer words change places."""

    def slip(match: re.Match[str]) -> str:
        word = match.group()
        at = rng.randrange(1, len(word) - 2)
        swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        return swapped if rng.random() < _SLIP else word

    return piece.text if piece.label or piece.why else _WORD.sub(slip, piece.text)
