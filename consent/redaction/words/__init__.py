"""What surrounds names, numbers and addresses in each supported language, read from one file per language.

A list in a file is text separated by commas; a trailing ``*`` lets any letters follow (``patient*`` is also
``Patientennummer``). The files hold everyday words only, no names of people or places.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

SUPPORTED: Final = ("en", "es", "de", "fr", "it", "pt")


@dataclass(frozen=True, slots=True)
class Words:
    """The lists of one language, lower-cased."""

    language: str
    lists: dict[str, tuple[str, ...]]

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self.lists.get(name, ())

    def set(self, name: str) -> frozenset[str]:
        """A list for looking up whole words."""
        return frozenset(self[name])


@cache
def words(language: str) -> Words:
    """The words of one supported language. Raises FileNotFoundError for another."""
    raw: Any = yaml.safe_load(resources.files(__package__).joinpath(f"{language}.yaml").read_text("utf-8"))
    return Words(language, {name: _split(value) for name, value in raw.items()})


def _split(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip().lower() for part in str(value).split(",") if part.strip()))


@cache
def everywhere(name: str) -> tuple[str, ...]:
    """One list of all supported languages together."""
    return tuple(dict.fromkeys(word for code in SUPPORTED for word in words(code)[name]))


@cache
def everywhere_set(name: str) -> frozenset[str]:
    """`everywhere`, for looking up whole words."""
    return frozenset(everywhere(name))


def alternatives(phrases: Iterable[str]) -> str:
    """A pattern for any of the phrases, longest first; spaces match any white space within a line."""
    ordered = sorted(set(phrases), key=lambda p: (-len(p), p))
    return "|".join(_pattern(phrase) for phrase in ordered)


def _pattern(phrase: str) -> str:
    stem = re.escape(phrase.removesuffix("*")).replace(r"\ ", r"[ \t]+").replace("'", "['’]")
    return stem + (r"\w{0,30}" if phrase.endswith("*") else "")


@cache
def extra(file: str, name: str) -> frozenset[str]:
    """One list of a file that stands beside the languages' own."""
    raw: Any = yaml.safe_load(resources.files(__package__).joinpath(f"{file}.yaml").read_text("utf-8"))
    return frozenset(_split(raw[name]))
