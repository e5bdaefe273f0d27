"""Identifiers without their shape: e-mail addresses in words, digits in words, names letter by letter."""

import random
from collections.abc import Mapping
from typing import Any

from benchmarks.redaction.first.electronic import DOMAINS
from benchmarks.redaction.first.people import Person


def email(rng: random.Random, who: Person, locale: Mapping[str, Any]) -> str:
    """An address as people hide or dictate it, in the language's words for @ and dot."""
    at, dot = rng.choice(locale["at"]), rng.choice(locale["dot"])
    given, family = who.latin
    domain = rng.choice(DOMAINS)
    dotted = f" {dot} ".join(domain.split("."))
    return rng.choice(
        (
            f"{given} {dot} {family} {at} {dotted}",
            f"{given}{family[:1]} {at} {dotted}",
            f"{given}.{family} [{at}] {domain.replace('.', f' [{dot}] ')}",
            f"{given}{rng.randint(2, 99)} ({at}) {domain}",
            f"{given} {dot} {family[:1]} {at} {dotted}",
        )
    )


def digits(rng: random.Random, locale: Mapping[str, Any]) -> str:
    """A telephone number in words, with doubles where the language has a word for them."""
    words: list[str] = str(locale["digits"]).split()
    number = [0, *(rng.randrange(10) for _ in range(rng.randint(7, 9)))]
    comma = rng.random() < 0.3
    spoken = []
    while number:
        first = number.pop(0)
        if number and number[0] == first and "double" in locale and rng.random() < 0.7:
            number.pop(0)
            spoken.append(f"{locale['double']} {words[first]}")
        else:
            spoken.append(words[first])
    return ", ".join(spoken) if comma else " ".join(spoken)


def spelled(rng: random.Random, name: str) -> str:
    """A name letter by letter."""
    letters = [char.upper() for char in name if char.isalpha()]
    return rng.choice(("-", " ", ". ", ", ", " - ")).join(letters)
