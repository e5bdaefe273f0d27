"""Tolerances within and between engine classes, measured by benchmarks/audits.py; see benchmarks/results/audits.md."""

from typing import Final

from compute_mesh.audit.verdicts import Statistic, Tolerance

#: The most that one place may count: above what honest places of a class reach, below what lies reach.
CLIPS: Final[dict[Statistic, float]] = {"margin": 0.25, "draw": 0.25, "drift": 1.0}
#: The mean that the mildest lie shows that was measured, less a fifth.
LIES: Final[dict[Statistic, float]] = {"margin": 0.02, "draw": 0.02, "drift": 0.12}

SAME_CLASS: Final[dict[Statistic, Tolerance]] = {
    "margin": Tolerance(mean=0.002, deviation=0.01, clip=0.25, lie=0.02),
    "draw": Tolerance(mean=0.002, deviation=0.02, clip=0.25, lie=0.02),
    "drift": Tolerance(mean=0.03, deviation=0.05, clip=1.0, lie=0.12),
}
OTHER_CLASS: Final[dict[Statistic, Tolerance]] = {
    "margin": Tolerance(mean=0.005, deviation=0.03, clip=0.25, lie=0.02),
    "draw": Tolerance(mean=0.005, deviation=0.03, clip=0.25, lie=0.02),
    "drift": Tolerance(mean=0.08, deviation=0.1, clip=1.0, lie=0.12),
}


def tolerances(worker: str, auditor: str) -> dict[Statistic, Tolerance]:
    """What to hold an answer of one engine class (a digest) against, when it is read in another or the same."""
    return SAME_CLASS if worker == auditor else OTHER_CLASS
