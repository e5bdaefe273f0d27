"""Which items of a cohort say nothing new.

An item is dropped only for a near-duplicate that is kept in its own cohort and has all its purposes: nothing
that one person allowed is lost because another allowed less. Federated texts are never looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from corpus.decimals import ARITHMETIC, rounded
from corpus.items import Item, canonical_key
from corpus.recipe import Recipe
from corpus.shingles import shingles
from corpus.sketches import shared_buckets, sketches

Members = Sequence[tuple[Item, str]]

#: Shingles of kept texts that are held for comparing with later ones, about 100 bytes each.
_REMEMBERED: Final = 1_000_000


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


def _unique_of_cohort(members: Members, recipe: Recipe, result: Unique) -> None:
    near = recipe.near_duplicates
    seed = int.from_bytes(recipe.seed_bytes[:8], "big")
    buckets = shared_buckets(sketches((text for _, text in members), near, seed), near)
    compare = _Compare(members, near.ngram, Fraction(near.threshold))
    for index, (item, _) in enumerate(members):
        met = sorted({other for bucket in buckets[index] for other in bucket})
        match = compare.first_match(index, met)
        if match is None:
            result.kept.append(item)
            for bucket in buckets[index]:
                bucket.append(index)
        else:
            other, jaccard = match
            result.dropped.append(Dropped(item, members[other][0].row, _written(jaccard)))


class _Compare:
    """Exact comparison within a cohort; remembers the shingles of texts until `_REMEMBERED` are held."""

    def __init__(self, members: Members, ngram: int, threshold: Fraction) -> None:
        self._members = members
        self._ngram = ngram
        self._threshold = threshold
        self._remembered: dict[int, frozenset[str]] = {}
        self._room = _REMEMBERED

    def first_match(self, index: int, kept: list[int]) -> tuple[int, Fraction] | None:
        """The first of ``kept`` that has all purposes of ``index`` and is like it, with the similarity."""
        purposes = set(self._members[index][0].purposes)
        wide = [other for other in kept if purposes.issubset(self._members[other][0].purposes)]
        if not wide:
            return None
        mine = self._shingles(index)
        for other in wide:
            theirs = self._recall(other)
            common = len(mine & theirs)
            together = len(mine) + len(theirs) - common
            if common * self._threshold.denominator >= together * self._threshold.numerator:
                return other, Fraction(common, together)
        return None

    def _shingles(self, index: int) -> frozenset[str]:
        return frozenset(shingles(self._members[index][1], self._ngram))

    def _recall(self, index: int) -> frozenset[str]:
        found = self._remembered.get(index)
        if found is None:
            found = self._shingles(index)
            if len(found) <= self._room:
                self._remembered[index] = found
                self._room -= len(found)
        return found


def _written(jaccard: Fraction) -> str:
    return rounded(ARITHMETIC.divide(Decimal(jaccard.numerator), Decimal(jaccard.denominator)), 4)
