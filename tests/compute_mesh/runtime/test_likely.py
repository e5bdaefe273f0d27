"""Records of likelihoods: the likeliest tokens of a place are those that sorting all of them gives."""

import numpy as np
import pytest

from compute_mesh.runtime.likely import TOP, read_records, record


@pytest.mark.parametrize("words", [3, TOP, 255, 256, 2047, 2048, 5000, 49_152])
@pytest.mark.parametrize("kinds", [1, 3, 1_000_000])
def test_the_likeliest_are_those_of_a_whole_sort(words: int, kinds: int) -> None:
    """With few kinds of scores many are equal: of these the first tokens are told."""
    chance = np.random.default_rng(words + kinds)
    scores = (chance.integers(0, kinds, words) / kinds * 20).astype(np.float32)
    found = read_records(record(scores, 2))
    best = np.argsort(-scores, kind="stable")[:TOP]
    count = min(TOP, words)
    assert found.top[0, :count].tolist() == best.tolist()
    assert found.top[0, count:].tolist() == [-1] * (TOP - count)
    logs = scores - np.log(np.exp(scores.astype(np.float64)).sum())
    np.testing.assert_allclose(found.top_log_probabilities[0, :count], logs[best], atol=2e-4)
    np.testing.assert_allclose(found.log_probabilities, logs[[2]], atol=2e-4)
