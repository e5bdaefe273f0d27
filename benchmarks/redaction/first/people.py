"""Invented people: a given and a family name of one culture, and what is made of them."""

import random
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

BANK: Final = Path(__file__).parent / "bank"
#: How often a person in a text has a name of the language's own cultures.
OWN: Final = 0.6
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)


@dataclass(frozen=True, slots=True)
class Person:
    """A name in two parts. ``family_first`` says how the full name is usually written."""

    given: str
    family: str
    family_first: bool = False

    @property
    def full(self) -> str:
        """Both parts in the usual order."""
        return f"{self.family} {self.given}" if self.family_first else f"{self.given} {self.family}"

    @property
    def latin(self) -> tuple[str, str]:
        """Given and family name as they appear in addresses on the net: ASCII letters in lower case."""
        return ascii_letters(self.given), ascii_letters(self.family)


def ascii_letters(text: str) -> str:
    """``text`` in lower case with nothing but ASCII letters."""
    spread = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join(char for char in spread if char.isascii() and char.isalpha())


@cache
def cultures() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Culture to its given and family names."""
    raw = yaml.safe_load((BANK / "names.yaml").read_text("utf-8"))
    return {
        culture: {part: str(names).replace("\n", " ").split() for part, names in parts.items() if part != "order"}
        | {"order": [parts.get("order", "given")]}
        for culture, parts in raw.items()
    }


def person(rng: random.Random, own: Sequence[str]) -> Person:
    """Somebody; most often of the cultures ``own``. An underscore in the bank is a space in a name."""
    every = cultures()
    culture = rng.choice(list(own)) if rng.random() < OWN else rng.choice(list(every))
    parts = every[culture]
    given, family = (rng.choice(parts[part]).replace("_", " ") for part in ("given", "family"))
    if rng.random() < 0.06 and "-" not in family:
        family = f"{family}-{rng.choice(parts['family']).replace('_', ' ')}"
    return Person(given, family, parts["order"] == ["family"])
