"""Order and sampling: from a cohort's own texts and constants alone."""

import hashlib
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.training.reading import (
    MEAN,
    NothingToTrain,
    Text,
    blocks,
    is_held_out,
    key_of,
    plan_digest,
    read_order,
)
from corpus.training.recipe import default_training_recipe
from corpus.training.served import scale_text, served_digest, served_terms

RECIPE = default_training_recipe()


def text(name: str, weight: int = MEAN, tokens: int = 10) -> Text:
    return Text(hashlib.sha256(name.encode()).digest(), weight, tokens)


@given(st.permutations(list(range(9))), st.integers(0, 8))
def test_a_cohort_without_a_text_is_one_that_never_had_it(order: list[int], gone: int) -> None:
    """Whatever order texts arrived in, and whichever was taken back."""
    texts = [text(str(n), weight=MEAN * (n + 1) // 5) for n in range(9)]
    never = [one for n, one in enumerate(texts) if n != gone]
    after = [texts[n] for n in order if n != gone]
    read = [[group[n].key for n in read_order(group, 300)] for group in (never, after)]
    assert read[0] == read[1]
    assert plan_digest(RECIPE, "m", "e", never) == plan_digest(RECIPE, "m", "e", after)
    assert plan_digest(RECIPE, "m", "e", texts) != plan_digest(RECIPE, "m", "e", after)


def test_texts_come_up_by_weight() -> None:
    """Over many passes the share is exact to one reading."""
    weights = [MEAN // 2, MEAN, 3 * MEAN // 2, MEAN // 10, 19 * MEAN // 10]
    texts = [text(str(n), weight) for n, weight in enumerate(weights)]
    passes = 40
    read = Counter(read_order(texts, passes * len(texts) * 10))
    for number, weight in enumerate(weights):
        assert abs(read[number] - Fraction(weight * passes, MEAN)) <= 1


def test_orders_of_passes_differ() -> None:
    texts = [text(str(n)) for n in range(12)]
    order = read_order(texts, 240)
    assert sorted(order[:12]) == sorted(order[12:]) == list(range(12))
    assert order[:12] != order[12:]


def test_nothing_to_read_is_said() -> None:
    for texts in ([], [text("a", tokens=0)], [text("a", weight=0)]):
        with pytest.raises(NothingToTrain):
            read_order(texts, 10)


def test_held_out_is_decided_by_the_bytes_and_the_share() -> None:
    keys = [key_of(RECIPE, f"text {n}".encode()) for n in range(4000)]
    held = [is_held_out(RECIPE, key) for key in keys]
    assert 300 < sum(held) < 500
    assert held == [is_held_out(RECIPE, key) for key in keys]
    assert not any(is_held_out(RECIPE.changed(held_out="0"), key) for key in keys)


def test_blocks_are_cut_from_the_stream() -> None:
    assert blocks(iter(range(100)), 3, 2) == [[0, 1, 2], [3, 4, 5]]


def test_the_digest_of_an_adapter_is_that_of_its_list() -> None:
    """Order of arrival does not matter; cohort, term and scale do."""
    one = served_terms([(1, "b" * 64), (0, "a" * 64)], 4)
    other = served_terms([(0, "a" * 64), (1, "b" * 64)], 4)
    assert [t.cohort for t in one] == [0, 1]
    assert served_digest(one) == served_digest(other) == served_digest(reversed(one))
    assert scale_text(one[0].scale) == "1/4"
    different = [
        served_terms([(0, "a" * 64)], 4), served_terms([(0, "a" * 64), (2, "b" * 64)], 4),
        served_terms([(0, "a" * 64), (1, "b" * 64)], 5),
    ]  # fmt: skip
    assert len({served_digest(terms) for terms in (one, *different)}) == 4
