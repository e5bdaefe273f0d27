"""Words of names in one spelling: small letters without accents."""

import re
import unicodedata
from typing import Final

WORD: Final = re.compile(r"[^\W\d_]+")


def fold(word: str) -> str:
    """The word in small letters, without accents: "Brontë" is "bronte"."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(c))


def folded(name: str) -> tuple[str, ...]:
    """The words of a name, each folded."""
    return tuple(fold(word) for word in WORD.findall(name))
