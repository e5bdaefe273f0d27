"""Names that everybody knows: figures of history and culture, and places so large that they tell of nobody.

Plain data, written down from general knowledge: one file each, in lists separated by commas.
"""

from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

from consent.redaction.public.tokens import folded

#: Names by their first word: the words of each name, longest first.
Names = dict[str, tuple[tuple[str, ...], ...]]

_ALONE: Final = "alone"


@cache
def full_figures() -> Names:
    """Full names of figures: two words and more."""
    return _by_first(name for names in _read("figures").values() for name in names if len(folded(name)) > 1)


@cache
def lone_figures() -> frozenset[str]:
    """Single words that stand for one figure: "shakespeare"."""
    return frozenset(words[0] for name in _read("figures")[_ALONE] if len(words := folded(name)) == 1)


@cache
def large_places() -> frozenset[tuple[str, ...]]:
    """Continents, countries, large cities, waters, mountains, peoples and holidays, as words."""
    return frozenset(folded(name) for names in _read("places").values() for name in names)


def _read(which: str) -> dict[str, list[str]]:
    raw: Any = yaml.safe_load(resources.files(__package__).joinpath(f"{which}.yaml").read_text("utf-8"))
    return {kind: [part.strip() for part in text.split(",") if part.strip()] for kind, text in raw.items()}


def _by_first(names: Any) -> Names:
    index: dict[str, set[tuple[str, ...]]] = {}
    for name in names:
        words = folded(name)
        index.setdefault(words[0], set()).add(words)
    return {first: tuple(sorted(several, key=lambda words: (-len(words), words))) for first, several in index.items()}
