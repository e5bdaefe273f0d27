"""Postal addresses in national forms, streets and towns."""

import random
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import yaml

from benchmarks.redaction.first.pattern import fill
from benchmarks.redaction.first.people import BANK

_SLOT: Final = re.compile(r"<(\w+)>")


@cache
def places() -> dict[str, dict[str, Any]]:
    """Language to its towns, street names and ways of writing an address."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((BANK / "places.yaml").read_text("utf-8"))
    return found


@cache
def forms() -> Sequence[str]:
    """The languages that have addresses."""
    return sorted(places())


def town(rng: random.Random, language: str) -> str:
    """Where somebody lives."""
    return _pick(rng, places()[language]["towns"])


def street(rng: random.Random, language: str) -> str:
    """A street with a house number."""
    return _written(rng, rng.choice(places()[language]["street"]), language)


def address(rng: random.Random, language: str) -> str:
    """A whole address on one line."""
    return _written(rng, rng.choice(places()[language]["address"]), language)


def _written(rng: random.Random, form: str, language: str) -> str:
    """``form`` with its names filled in, then its digits and letters."""
    known = places()[language]

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name == "street":
            return _written(rng, rng.choice(known["street"]), language)
        if name == "number":
            return str(rng.randint(1, 240))
        if name == "code":
            return fill(rng, rng.choice(known["code"]))
        return _pick(rng, known["towns" if name == "town" else name])

    return _SLOT.sub(value, form)


def _pick(rng: random.Random, words: str) -> str:
    """One of the names, in which an underscore is a space."""
    return rng.choice(words.split()).replace("_", " ")
