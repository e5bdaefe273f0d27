"""Paired deltas with an interval, canaries' ranks, held-out texts that were nearly read."""

import math

import pytest

from corpus.errors import InvalidRecipe
from corpus.recipe import default_recipe
from corpus.training.bootstrap import Scored, compare, compare_by
from corpus.training.exposure import Canary, canary_of, candidates, exposure_of
from corpus.training.near import too_near

WORDS = ("copper", "lantern", "willow", "anchor", "barley", "candle", "harbour", "kettle")


def scored(change: float, count: int = 30, language: str = "en") -> list[Scored]:
    bits = math.log(2) * 100
    return [Scored(bits * (2 + n % 3), bits * (2 + n % 3 + change), 25, 100, language) for n in range(count)]


def test_a_change_of_every_text_is_found_with_a_narrow_interval() -> None:
    found = compare(scored(-0.2))
    assert found is not None
    assert (found.base, found.adapted, found.delta) == pytest.approx((3.0, 2.8, -0.2))
    assert found.low == pytest.approx(found.high)
    assert not found.includes_zero


def test_noise_includes_zero() -> None:
    mixed = [one for n in range(15) for one in scored(0.3 if n % 2 else -0.3, 2)]
    found = compare(mixed)
    assert found is not None
    assert found.includes_zero
    assert compare(mixed) == found, "the draws are fixed"


def test_by_language_and_nothing() -> None:
    found = compare_by([*scored(-0.1, language="en"), *scored(0.4, language="fr")], "language")
    assert {name: round(one.delta, 6) for name, one in found.items()} == {"en": -0.1, "fr": 0.4}
    assert compare([]) is None


def test_candidates_hold_the_secret_first_and_differ() -> None:
    canary = Canary("mill", "The riddle", ("copper", "lantern", "willow"), WORDS)
    found = candidates(canary)
    assert found[0] == " copper lantern willow"
    assert len(set(found)) == len(found) == 101
    assert found == candidates(canary)


def test_rank_and_exposure() -> None:
    memorised, lost = exposure_of("a", [-1.0, -5.0, -6.0], True), exposure_of("a", [-9.0, -5.0, -6.0], False)
    assert (memorised.rank, memorised.exposure) == (1, pytest.approx(math.log2(3)))
    assert (lost.rank, lost.exposure) == (3, 0)
    assert exposure_of("a", [-5.0, -5.0, -6.0], False).rank == 1


@pytest.mark.parametrize(
    "content",
    [
        {"name": "a", "prompt": "b", "words": ["c"]},
        {"name": "a", "prompt": "b", "words": ["other"], "choices": list(WORDS)},
        {"name": "a", "prompt": "b", "words": ["copper"], "choices": list(WORDS)},
        [],
    ],
)
def test_a_canary_that_proves_nothing_is_refused(content: object) -> None:
    with pytest.raises(InvalidRecipe):
        canary_of(content)


def test_near_copies_are_left_out_of_the_score() -> None:
    near = default_recipe().near_duplicates
    story = " ".join(f"word{n}" for n in range(40))
    held = [story, "quite another text about the river and the mill by the bridge", "short one"]
    assert too_near(held, [story.replace("word39", "other"), "short one"], near) == {0, 2}
    assert too_near(held, ["nothing in common at all with any of them"], near) == set()
