"""Exact search and exact pairs, against the simplest thing that could be written."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.embedding.nearest import alike, ranking


def unit(seed: int, rows: int, repeat: bool) -> np.ndarray:
    """Rows of length 1; with ``repeat`` some are equal, so that ties happen."""
    dice = np.random.default_rng(seed)
    matrix = dice.normal(size=(rows, 8)).astype(np.float32)
    if repeat and rows:
        matrix = matrix[dice.integers(0, max(1, rows // 2), rows)]
    return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)


MATRICES = st.builds(unit, st.integers(0, 1000), st.integers(0, 50), st.booleans())


@settings(deadline=None)
@given(MATRICES, st.integers(1, 20), st.integers(0, 1000))
def test_a_ranking_is_the_whole_sorted_list(matrix: np.ndarray, first: int, seed: int) -> None:
    query = unit(seed, 1, False)[0]
    scores = (matrix @ query).tolist()
    wanted = sorted(range(len(scores)), key=lambda n: (-scores[n], n))
    assert [number for number, _ in ranking(matrix, query, first)] == wanted


@settings(max_examples=40, deadline=None)
@given(MATRICES, st.floats(-1, 1), st.integers(1, 50))
def test_pairs_are_all_pairs_above_the_threshold(matrix: np.ndarray, threshold: float, block: int) -> None:
    found = {(one, other) for one, other, _ in alike(matrix, threshold, 10_000, block)}
    for one in range(len(matrix)):
        for other in range(one + 1, len(matrix)):
            cosine = float(matrix[one] @ matrix[other])
            if abs(cosine - threshold) > 1e-5:
                assert ((one, other) in found) == (cosine > threshold)


def test_the_most_alike_come_first_and_the_rest_is_cut() -> None:
    matrix = unit(3, 40, False)
    whole = alike(matrix, -1.0, 10_000, 16)
    assert [cosine for *_, cosine in whole] == sorted((c for *_, c in whole), reverse=True)
    assert [pair[:2] for pair in alike(matrix, -1.0, 5, 16)] == [pair[:2] for pair in whole[:5]]
