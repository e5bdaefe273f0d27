"""Languages of the desk: catalogues of gettext, and a right-to-left pseudo-language for tests."""

import gettext
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

CATALOGUES: Final = Path(__file__).parent / "translations"
DOMAIN: Final = "desk"
PSEUDO: Final = "ar-XB"
#: Code -> the name of the language in itself.
LANGUAGES: Final[dict[str, str]] = {"en": "English", "es": "Español", "de": "Deutsch"}


def mark(message: str) -> str:
    """``message`` as it is: marks it for the catalogues, where it is translated later."""
    return message


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the pages: its code, direction, and the catalogue."""

    code: str
    direction: str
    catalogue: gettext.NullTranslations

    def say(self, message: str) -> str:
        """``message`` in this language; in English where nobody translated it."""
        return self.catalogue.gettext(message)


class _Pseudo(gettext.NullTranslations):
    """Every message in brackets: what is not marked for translation stands out."""

    def gettext(self, message: str) -> str:
        return f"[{message}]"


@lru_cache(maxsize=8)
def language(code: str) -> Language:
    """The language of a code; English for any other."""
    if code == PSEUDO:
        return Language(PSEUDO, "rtl", _Pseudo())
    if code not in LANGUAGES or code == "en":
        return Language("en", "ltr", gettext.NullTranslations())
    return Language(code, "ltr", gettext.translation(DOMAIN, CATALOGUES, [code], fallback=True))


def preferred(header: str, known: Sequence[str] = tuple(LANGUAGES)) -> str:
    """The first known language of an Accept-Language header, by weight; English when there is none."""
    wanted: list[tuple[float, int, str]] = []
    for number, part in enumerate(header[:200].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), number, tag.split("-")[0].lower()))
        except ValueError:
            continue
    return next((tag for _, _, tag in sorted(wanted) if tag in known), "en")
