"""Addresses and small places, from ``data/places.txt``."""

import random
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_PLACES = Path(__file__).parent / "data" / "places.txt"
_LETTERS = "ABCDEFGH"


@cache
def places() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Country, then ``town``, ``street``, ``form`` (a whole address) and ``line`` (street and number)."""
    lists: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in _PLACES.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            head, _, entries = line.partition(": ")
            country, what = head.split()
            separator = ";" if what in ("form", "line") else ","
            lists.setdefault(country, {})[what] = tuple(entry.strip() for entry in entries.split(separator))
    return lists


def town(country: str, rng: random.Random) -> str:
    """A small place: it points to whoever lives there."""
    return rng.choice(places()[country]["town"])


def street(country: str, rng: random.Random) -> str:
    """Street and number, without a town."""
    return _fill(rng.choice(places()[country]["line"]), country, rng)


def address(country: str, rng: random.Random) -> str:
    """A whole postal address on one line."""
    return _fill(rng.choice(places()[country]["form"]), country, rng)


def _fill(form: str, country: str, rng: random.Random) -> str:
    here = places()[country]
    put = {
        "%n": lambda: str(rng.randint(2, 189)),
        "%s": lambda: rng.choice(here["street"]),
        "%t": lambda: rng.choice(here["town"]),
        "%a": lambda: rng.choice(_LETTERS),
        "#": lambda: str(rng.randint(1, 9)),
    }
    return re.sub(r"%[nsta]|#", lambda mark: put[mark[0]](), form)
