"""Which vectors are nearest to one, and which pairs are alike: exact, by comparing with all."""

from collections.abc import Iterator
from typing import Any

import numpy as np

Matrix = np.ndarray[Any, np.dtype[np.float32]]


def ranking(matrix: Matrix, query: Matrix, first: int = 64) -> Iterator[tuple[int, float]]:
    """(row of the matrix, cosine), the nearest first; equal ones in the order of the matrix.

    The rows and ``query`` have length 1. As many are sorted as are asked for: ``first``, then four times as many.
    """
    scores = matrix @ query
    given, wanted = 0, first
    while given < len(scores):
        wanted = min(wanted, len(scores))
        top = np.arange(len(scores)) if wanted == len(scores) else _at_least(scores, wanted)
        top = top[np.lexsort((top, -scores[top]))]
        for number in top[given:]:
            yield int(number), float(scores[number])
        given, wanted = len(top), len(top) * 4


def _at_least(scores: Matrix, wanted: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The best ``wanted``, and all that are as good as the last of them."""
    least = np.partition(scores, len(scores) - wanted)[len(scores) - wanted]
    return np.flatnonzero(scores >= least)


def alike(matrix: Matrix, threshold: float, most: int, block: int = 1024) -> list[tuple[int, int, float]]:
    """(row, later row, cosine) of pairs at or above ``threshold``, the most alike first, at most ``most``.

    Every pair is compared once, ``block`` by ``block``; the memory is that of two blocks.
    """
    found: list[tuple[float, int, int]] = []
    for top in range(0, len(matrix), block):
        for left in range(top, len(matrix), block):
            scores = matrix[top : top + block] @ matrix[left : left + block].T
            one, other = np.nonzero(scores >= threshold)
            later = (one + top) < (other + left)
            one, other = one[later], other[later]
            pairs = zip(-scores[one, other], one + top, other + left, strict=True)
            found += [(float(score), int(a), int(b)) for score, a, b in pairs]
        if len(found) > most:
            found = sorted(found)[:most]
    return [(one, other, -score) for score, one, other in sorted(found)[:most]]
