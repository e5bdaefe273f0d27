"""Batches: every text once, none over the budget, little padding."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from corpus.embedding.batches import batches

LENGTHS = st.lists(st.integers(1, 300), max_size=80)


@given(LENGTHS, st.integers(1, 2000))
def test_every_text_is_in_exactly_one_batch(lengths: list[int], budget: int) -> None:
    assert sorted(n for batch in batches(lengths, budget) for n in batch) == list(range(len(lengths)))


@given(LENGTHS, st.integers(1, 2000))
def test_no_padded_batch_is_over_the_budget_unless_one_text_is(lengths: list[int], budget: int) -> None:
    for batch in batches(lengths, budget):
        padded = max(lengths[n] for n in batch) * len(batch)
        assert padded <= budget or len(batch) == 1


@given(LENGTHS)
def test_texts_of_like_length_stand_together(lengths: list[int]) -> None:
    """The longest of a batch is not longer than the shortest of the batch before."""
    found = list(batches(lengths, 600))
    for before, after in itertools.pairwise(found):
        assert min(lengths[n] for n in before) >= max(lengths[n] for n in after)


def test_a_batch_is_as_large_as_the_budget_allows() -> None:
    assert list(batches([10, 30, 10, 10], 30)) == [[1], [0, 2, 3]]
