"""From values to a verdict: the bound is Bernstein's, and where it says nothing the verdict is that there is none."""

from dataclasses import replace

import numpy as np
import pytest

from compute_mesh.audit.claims import TOP, Claim
from compute_mesh.audit.engines import engine_class, llama_engine
from compute_mesh.audit.forcing import Forced
from compute_mesh.audit.verdicts import Tolerance, bound, judge, judge_answers, places_needed, tells
from compute_mesh.runtime.header import read_header
from compute_mesh.runtime.model import FILES, packaged_folder
from compute_mesh.runtime.sampling import Sampling

TOLERANCE = Tolerance(mean=0.002, deviation=0.02, clip=0.5, lie=0.03)
ALL = dict.fromkeys(("margin", "draw", "drift"), TOLERANCE)
SAMPLING = Sampling(tokens=400, temperature=0)


def values(number: int, count: int) -> np.ndarray:
    return np.full(count, number / 1000, np.float32)


def claim(count: int = 400, finish: str = "length") -> Claim:
    return Claim((1, 2), tuple(range(count)), finish, SAMPLING)  # type: ignore[arg-type]


def test_the_bound_holds_for_what_it_is_stated_for() -> None:
    """Of many honest audits hardly one is above it: values that hit the clip as often as their deviation allows."""
    chance, size = np.random.default_rng(1), 200
    share = TOLERANCE.deviation**2 / TOLERANCE.clip**2
    honest = (chance.random((20_000, size)) < share) * TOLERANCE.clip
    above = (honest.mean(axis=1) > bound(replace(TOLERANCE, mean=float(honest.mean())), size, 0.01)).mean()
    assert above <= 0.01
    assert bound(TOLERANCE, 100) > bound(TOLERANCE, 1000) > TOLERANCE.mean
    assert bound(TOLERANCE, 0) == float("inf")


def test_with_the_places_needed_the_mildest_lie_is_hardly_ever_missed() -> None:
    """Not even one that varies as much as it can: some places as far off as counts, the others fit."""
    needed = places_needed(TOLERANCE)
    assert tells(TOLERANCE, needed)
    assert not tells(TOLERANCE, needed - 1)
    chance = np.random.default_rng(1)
    lies = (chance.random((4000, needed)) < TOLERANCE.lie / TOLERANCE.clip) * TOLERANCE.clip
    assert (lies.mean(axis=1) <= bound(TOLERANCE, needed)).mean() <= 0.01
    assert places_needed(replace(TOLERANCE, lie=0.06)) < needed
    with pytest.raises(ValueError, match="tells nothing"):
        places_needed(replace(TOLERANCE, lie=0.001))


@pytest.mark.parametrize(
    ("number", "count", "word"),
    [(2, 2000, "consistent"), (2, 400, "inconclusive"), (30, 400, "inconsistent"), (20, 50, "inconclusive"),
     (400, 50, "inconsistent"), (0, 0, "inconclusive")],
)  # fmt: skip
def test_three_verdicts(number: int, count: int, word: str) -> None:
    assert judge(values(number, count), "margin", TOLERANCE).word == word


def test_right_log_probabilities_do_not_make_other_tokens_consistent() -> None:
    forced = [Forced(values(200, 400), values(0, 400))]
    found = judge_answers([claim()], forced, ALL)
    assert (found.statistic, found.word) == ("margin", "inconsistent")


def test_wrong_log_probabilities_are_inconsistent_although_the_tokens_fit() -> None:
    found = judge_answers([claim()], [Forced(values(2, 400), values(300, 400))], ALL)
    assert (found.statistic, found.word) == ("drift", "inconsistent")
    fits = [Forced(values(2, 2000), values(2, 2000))]
    assert judge_answers([claim()], fits, ALL).word == "consistent"


def test_an_answer_that_stops_without_a_reason_is_inconsistent() -> None:
    forced = [Forced(values(0, 8), np.zeros(0, np.float32))]
    assert judge_answers([claim(8)], forced, ALL).statistic == "length"
    assert judge_answers([claim(8, "end")], forced, ALL).statistic == "margin"


def test_a_sampled_answer_is_judged_by_its_draws() -> None:
    sampled = replace(claim(), sampling=replace(SAMPLING, temperature=0.8))
    nothing = np.zeros((0, TOP), np.float32)
    found = judge_answers([sampled], [Forced(values(2, 2000), nothing[:, 0])], ALL)
    assert (found.statistic, found.word) == ("draw", "consistent")


@pytest.mark.models
def test_the_engine_class_names_what_decides_over_the_last_bits(commons) -> None:
    header = read_header(packaged_folder() / FILES[0]["path"])
    engine = llama_engine(header, 1)
    commons.write("JobReceipt", commons.node, engine=engine)
    assert engine["quantisation"] == "q4-1"
    classes = {
        engine_class(model, {**engine, **changed})
        for model in ("a" * 64, "b" * 64)
        for changed in ({}, {"slots": 8}, {"processor": "avx512"}, {"quantisation": "q8-0"})
    }
    assert len(classes) == 8
