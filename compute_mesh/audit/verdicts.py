"""From how well the places of an answer fit to a verdict, with a bound that follows from what honest answers look like.

Honest places have a mean and a deviation, measured for each pair of engine classes (benchmarks/audits.py). Values are
clipped, so that by Bernstein's inequality the mean of n of them lies above `bound` with a chance of at most ``chance``,
if places were independent. (They are not quite; the measured rates stand in benchmarks/results/audits.md.)

An answer is called consistent only where the test would have told: where the mildest known lie lies above the bound,
but for a stated chance. With fewer places the verdict is that there is none.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from compute_mesh.audit.claims import Claim
from compute_mesh.audit.forcing import Forced
from compute_mesh.runtime.loaded import Floats

Word = Literal["consistent", "inconsistent", "inconclusive"]
Statistic = Literal["margin", "draw", "drift", "length", "cosine", "nats", "segment", "form", "text", "count"]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What honest places look like for one statistic between two engine classes.

    Attributes:
        mean, deviation: of honest places after clipping. clip: the largest value that one place counts.
        lie: the mean of the mildest lie that the test must be able to tell.
    """

    mean: float
    deviation: float
    clip: float
    lie: float


#: Chance of a false "inconsistent" for one audit, and of a false "consistent" for the mildest lie, by the inequality.
CHANCE: Final = 1e-6
MISSED: Final = 0.01


def bound(tolerance: Tolerance, places: int, chance: float = CHANCE) -> float:
    """The largest mean of ``places`` clipped values that is still consistent (Bernstein's inequality, solved)."""
    return tolerance.mean + _beyond(tolerance.deviation**2, tolerance.clip, places, chance)


def tells(tolerance: Tolerance, places: int, chance: float = CHANCE, missed: float = MISSED) -> bool:
    """Whether the mildest lie would be above the bound, but for a chance of ``missed``.

    Of a liar's places nothing but the mean is taken for known: values between 0 and the clip vary the most where they
    are either.
    """
    variance = tolerance.lie * (tolerance.clip - tolerance.lie)
    low = tolerance.lie - _beyond(variance, tolerance.clip, places, missed)
    return bound(tolerance, places, chance) <= low


def _beyond(variance: float, clip: float, places: int, chance: float) -> float:
    """How far the mean of ``places`` values lies from what is expected with a chance of at most ``chance``."""
    if places == 0:
        return math.inf
    logarithm = math.log(1 / chance)
    linear = clip * logarithm / 3
    return (linear + math.sqrt(linear**2 + 2 * places * variance * logarithm)) / places


def places_needed(tolerance: Tolerance, chance: float = CHANCE) -> int:
    """How many places it takes until an answer can be called consistent.

    Raises:
        ValueError: the mildest lie looks like an honest answer, so no number is enough.
    """
    if tolerance.lie <= tolerance.mean:
        raise ValueError("the mildest lie looks like an honest answer: this statistic tells nothing")
    most = 1
    while not tells(tolerance, most, chance):
        most *= 2
    return bisect_left(range(most), True, key=lambda places: tells(tolerance, places, chance))


@dataclass(frozen=True, slots=True)
class Finding:
    """One statistic of an audit: its value, its bound, from how many places, and what follows."""

    statistic: Statistic
    value: float
    bound: float
    places: int
    word: Word


def judge(values: Floats, statistic: Statistic, tolerance: Tolerance, chance: float = CHANCE) -> Finding:
    """What follows from the values of one statistic, all answers of a receipt together."""
    places = len(values)
    limit = bound(tolerance, places, chance)
    value = float(np.minimum(values, tolerance.clip).mean(dtype=np.float64)) if places else 0.0
    if value > limit:
        word: Word = "inconsistent"
    else:
        word = "consistent" if tells(tolerance, places, chance) else "inconclusive"
    return Finding(statistic, value, limit, places, word)


def judge_answers(
    claims: Sequence[Claim], forced: Sequence[Forced], tolerances: dict[Statistic, Tolerance], chance: float = CHANCE
) -> Finding:
    """The finding that decides about a receipt: the first that is inconsistent, else that on the tokens.

    Log probabilities alone never make an answer consistent: whoever reads the right model can tell the right ones
    about tokens that another one wrote.
    """
    for claim in claims:
        if _too_short(claim):
            return Finding("length", float(len(claim.tokens)), float(claim.sampling.tokens), len(claim.tokens),
                           "inconsistent")  # fmt: skip
    greedy = claims[0].sampling.temperature <= 0
    name: Statistic = "margin" if greedy else "draw"
    tokens = judge(np.concatenate([one.misfit for one in forced]), name, tolerances[name], chance)
    if tokens.word == "inconsistent":
        return tokens
    told = np.concatenate([one.drift for one in forced])
    if len(told):
        drift = judge(told, "drift", tolerances["drift"], chance)
        if drift.word == "inconsistent":
            return drift
    return tokens


def _too_short(claim: Claim) -> bool:
    """Whether an answer is said to have reached its limit and has not (the limit of the context is the caller's)."""
    return claim.finish == "length" and len(claim.tokens) < claim.sampling.tokens
