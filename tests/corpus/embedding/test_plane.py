"""The map: inside its frame, the same every time, and a picture that holds no name but the groups'."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.embedding.picture import OTHERS, SHAPES, in_words, picture
from corpus.embedding.plane import plane


@given(st.integers(0, 1000), st.integers(0, 60))
def test_places_lie_in_the_frame_whatever_the_vectors(seed: int, rows: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(rows, 12)).astype(np.float32)
    places = plane(vectors)
    assert places.shape == (rows, 2)
    assert ((places >= 0) & (places <= 1)).all()
    assert np.array_equal(places, plane(vectors.copy()))


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_equal_vectors_lie_in_one_place(rows: int) -> None:
    assert np.ptp(plane(np.ones((rows, 12), np.float32)), axis=0).max() < 1e-6


def test_two_heaps_are_two_heaps() -> None:
    dice = np.random.default_rng(1)
    one, other = dice.normal(0, 0.01, (20, 12)) + 1, dice.normal(0, 0.01, (20, 12)) - 1
    first = plane(np.vstack([one, other]))[:, 0]
    assert abs(first[:20].mean() - first[20:].mean()) > 0.9


def test_every_group_has_its_own_shape_its_name_and_its_count() -> None:
    groups = [name for number, name in enumerate("abcdefgh") for _ in range(20 - number)]
    places = np.random.default_rng(2).random((len(groups), 2))
    drawn = picture("All", places, groups)
    assert [f"{name}: {20 - n}" in drawn for n, name in enumerate("abcdef")] == [True] * 6
    assert f"{OTHERS}: {14 + 13}" in drawn
    assert len(SHAPES) == 7
    assert drawn.count("<text") == 1 + 6 + 7, "a title, six names on the map, seven in the legend"


def test_what_people_declared_is_escaped_and_nothing_is_drawn_of_nothing() -> None:
    drawn = picture("<b>", np.array([[0.5, 0.5]]), ["<script>"])
    assert "<script>" not in drawn
    assert "&lt;script&gt;: 1" in drawn
    assert re.search(r"<(circle|polygon)", picture("none", np.zeros((0, 2)), [])) is None
    assert in_words([]) == "nothing"


def test_a_large_map_is_not_a_large_file() -> None:
    places = np.random.default_rng(3).random((50_000, 2))
    assert len(picture("many", places, ["x"] * 50_000)) < 150_000
