"""Held-out texts that a cohort has nearly read: they would flatter whoever was trained on the copy."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from corpus.recipe import NearDuplicates
from corpus.shingles import shingles


def too_near(held_out: Sequence[str], trained: Iterable[str], near: NearDuplicates) -> set[int]:
    """Numbers of held-out texts of which a text that is trained on is a near-duplicate, by exact Jaccard similarity."""
    sets = [frozenset(shingles(text, near.ngram)) for text in held_out]
    where: dict[str, list[int]] = {}
    for number, mine in enumerate(sets):
        for shingle in mine:
            where.setdefault(shingle, []).append(number)
    limit, found = Fraction(near.threshold), set[int]()
    for text in trained:
        theirs = frozenset(shingles(text, near.ngram))
        common: dict[int, int] = {}
        for shingle in theirs:
            for number in where.get(shingle, ()):
                common[number] = common.get(number, 0) + 1
        for number, shared in common.items():
            together = len(sets[number]) + len(theirs) - shared
            if shared * limit.denominator >= together * limit.numerator:
                found.add(number)
    return found
