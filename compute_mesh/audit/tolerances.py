"""Tolerances within and between engine classes, measured by benchmarks/audits.py; see benchmarks/results/audits.md."""

from typing import Final

from compute_mesh.audit.verdicts import Statistic, Tolerance

#: The most that one place may count: above what honest places of a class reach, below what lies reach.
CLIPS: Final[dict[Statistic, float]] = {"margin": 0.25, "draw": 0.25, "drift": 1.0}
#: The mean that the mildest lie shows that was measured (an adapter left out; of draws, requantised weights), less
#: a fifth.
LIES: Final[dict[Statistic, float]] = {"margin": 0.0245, "draw": 0.06, "drift": 0.25}

#: Within a class every place was read as it was written, to the last bit; what stands here leaves room for a few that
#: are not.
SAME_CLASS: Final[dict[Statistic, Tolerance]] = {
    "margin": Tolerance(mean=0.0005, deviation=0.005, clip=CLIPS["margin"], lie=LIES["margin"]),
    "draw": Tolerance(mean=0.0005, deviation=0.005, clip=CLIPS["draw"], lie=LIES["draw"]),
    "drift": Tolerance(mean=0.005, deviation=0.02, clip=CLIPS["drift"], lie=LIES["drift"]),
}
#: Between the repacked and the plain kernels of one build; wide, since it comes from few hundred places of each kind.
OTHER_CLASS: Final[dict[Statistic, Tolerance]] = {
    "margin": Tolerance(mean=0.0038, deviation=0.0175, clip=CLIPS["margin"], lie=LIES["margin"]),
    "draw": Tolerance(mean=0.0166, deviation=0.0491, clip=CLIPS["draw"], lie=LIES["draw"]),
    "drift": Tolerance(mean=0.074, deviation=0.0329, clip=CLIPS["drift"], lie=LIES["drift"]),
}


def tolerances(worker: str, auditor: str) -> dict[Statistic, Tolerance]:
    """What to hold an answer of one engine class (a digest) against, when it is read in another or the same."""
    return SAME_CLASS if worker == auditor else OTHER_CLASS
