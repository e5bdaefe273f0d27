"""Tolerances within and between engine classes, measured by benchmarks/audits.py; see benchmarks/results/audits.md."""

from typing import Final

from compute_mesh.audit.verdicts import Statistic, Tolerance

#: The most that one place may count: above what honest places of a class reach, below what lies reach.
CLIPS: Final[dict[Statistic, float]] = {"margin": 0.25, "draw": 0.25, "drift": 1.0}
#: Less than the mildest lie that was measured shows (an adapter left out; of draws, requantised weights). Its misfit
#: falls along an answer, to 0.038 of margins in the last four of sixteen places, and answers are longer: a third less
#: than that. Draws and drift do not fall: a fifth less than their least quarter, 0.074 and 0.38.
LIES: Final[dict[Statistic, float]] = {"margin": 0.0245, "draw": 0.0585, "drift": 0.3}

#: Within a class every place was read as it was written, to the last bit; what stands here leaves room for a few that
#: are not.
SAME_CLASS: Final[dict[Statistic, Tolerance]] = {
    "margin": Tolerance(mean=0.0005, deviation=0.005, clip=CLIPS["margin"], lie=LIES["margin"]),
    "draw": Tolerance(mean=0.0005, deviation=0.005, clip=CLIPS["draw"], lie=LIES["draw"]),
    "drift": Tolerance(mean=0.005, deviation=0.02, clip=CLIPS["drift"], lie=LIES["drift"]),
}
#: Between the repacked and the plain kernels of one build, from 900 places of each kind, with four standard errors.
OTHER_CLASS: Final[dict[Statistic, Tolerance]] = {
    "margin": Tolerance(mean=0.00811, deviation=0.03726, clip=CLIPS["margin"], lie=LIES["margin"]),
    "draw": Tolerance(mean=0.01302, deviation=0.04042, clip=CLIPS["draw"], lie=LIES["draw"]),
    "drift": Tolerance(mean=0.07393, deviation=0.03208, clip=CLIPS["drift"], lie=LIES["drift"]),
}


def tolerances(worker: str, auditor: str) -> dict[Statistic, Tolerance]:
    """What to hold an answer of one engine class (a digest) against, when it is read in another or the same."""
    return SAME_CLASS if worker == auditor else OTHER_CLASS
