"""Which items of a cohort say nothing new.

An item is dropped only for a near-duplicate that is kept in its own cohort and has all its purposes: nothing
that one person allowed is lost because another allowed less. Federated texts are never looked at.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from corpus.decimals import ARITHMETIC, rounded
from corpus.items import Item, canonical_key
from corpus.recipe import Recipe
from corpus.shingles import shingles
from corpus.sketches import band_keys, shared_buckets, sketches

Members = Sequence[tuple[Item, str]]
Compare = Callable[[int, int], tuple[int, int]]

#: Shingles of kept texts that are held for comparing with later ones, about 100 bytes each.
_REMEMBERED: Final = 400_000


@dataclass(frozen=True, slots=True)
class Dropped:
    """An item left out. ``of`` is the row that is kept instead, ``jaccard`` a decimal of at most 4 places."""

    item: Item
    of: str
    jaccard: str


@dataclass(frozen=True, slots=True)
class Unique:
    """What stays and what does not; together every item that was given, each once, in canonical order."""

    kept: list[Item]
    dropped: list[Dropped]


def unique(items: Members, recipe: Recipe) -> Unique:
    """Keep one of each group of near-duplicates per cohort and set of purposes, first in `canonical_key`.

    ``items`` are pairs of an item and its text (ignored where the cohort is None, so it may be ""). Their
    order does not matter; an item's row decides only between items that are otherwise the same.
    """
    cohorts: dict[int | None, list[tuple[Item, str]]] = {}
    for item, text in items:
        cohorts.setdefault(item.cohort, []).append((item, text))
    for members in cohorts.values():
        members.sort(key=lambda member: (canonical_key(member[0]), member[0].row))
    result = Unique([item for item, _ in cohorts.pop(None, [])], [])
    for _, members in sorted(cohorts.items(), key=lambda entry: entry[0] or 0):
        _unique_of_cohort(members, recipe, result)
    return result


def keys_of(texts: Iterable[str], recipe: Recipe) -> list[bytes]:
    """What decides whether texts meet, one per text: it depends on the text and the recipe alone, so it keeps."""
    near = recipe.near_duplicates
    return band_keys(sketches(texts, near, int.from_bytes(recipe.seed_bytes[:8], "big")), near)


def settle(
    purposes: Sequence[Collection[str]], keys: Sequence[bytes], compare: Compare, threshold: Decimal
) -> dict[int, tuple[int, Fraction]]:
    """Of the items of one cohort, in `canonical_key` order, those left out: for which one, and how like it is.

    ``compare(index, other)`` counts the shingles that two texts have in common and together; it is asked only
    about texts that meet.
    """
    limit = Fraction(threshold)
    likes: dict[int, tuple[int, Fraction]] = {}
    for index, mine in enumerate(shared_buckets(keys) if keys else []):
        if not mine:
            continue
        match = None
        for other in sorted({other for bucket in mine for other in bucket}):
            if set(purposes[index]).issubset(purposes[other]):
                common, together = compare(index, other)
                if common * limit.denominator >= together * limit.numerator:
                    match = other, Fraction(common, together)
                    break
        if match is None:
            for bucket in mine:
                bucket.append(index)
        else:
            likes[index] = match
    return likes


def _unique_of_cohort(members: Members, recipe: Recipe, result: Unique) -> None:
    compare = Comparison(lambda index: members[index][1], recipe.near_duplicates.ngram)
    likes = settle(
        [item.purposes for item, _ in members],
        keys_of((text for _, text in members), recipe),
        compare,
        recipe.near_duplicates.threshold,
    )
    for index, (item, _) in enumerate(members):
        if index in likes:
            other, jaccard = likes[index]
            result.dropped.append(Dropped(item, members[other][0].row, written_jaccard(jaccard)))
        else:
            result.kept.append(item)


class Comparison:
    """Exact comparison of texts by number; remembers their shingles until `_REMEMBERED` are held."""

    def __init__(self, text_of: Callable[[int], str], ngram: int) -> None:
        """``text_of`` gives a text by its number."""
        self._text_of = text_of
        self._ngram = ngram
        self._remembered: dict[int, frozenset[str]] = {}
        self._room = _REMEMBERED
        self._last: tuple[int, frozenset[str]] = (-1, frozenset())

    def __call__(self, index: int, other: int) -> tuple[int, int]:
        """How many shingles the two texts have in common, and together."""
        if self._last[0] != index:
            self._last = index, self._shingles(index)
        mine, theirs = self._last[1], self._recall(other)
        common = len(mine & theirs)
        return common, len(mine) + len(theirs) - common

    def _shingles(self, index: int) -> frozenset[str]:
        return frozenset(shingles(self._text_of(index), self._ngram))

    def _recall(self, index: int) -> frozenset[str]:
        found = self._remembered.get(index)
        if found is None:
            found = self._shingles(index)
            if len(found) <= self._room:
                self._remembered[index] = found
                self._room -= len(found)
        return found


def written_jaccard(jaccard: Fraction) -> str:
    """A similarity for people: a decimal of at most 4 places."""
    return _written(jaccard.numerator, jaccard.denominator)


@lru_cache(maxsize=4096)
def _written(common: int, together: int) -> str:
    return rounded(ARITHMETIC.divide(Decimal(common), Decimal(together)), 4)
