"""Tolerances between engine classes, measured by benchmarks/audits.py. Figures: benchmarks/results/audits.md."""

from typing import Final

from compute_mesh.audit.verdicts import Statistic, Tolerance

#: The most that one place may count: chosen between what honest places reach and what lies show.
CLIPS: Final[dict[Statistic, float]] = {"margin": 0.25, "draw": 0.25, "drift": 1.0}
#: The mean that the mildest lie shows that was measured (requantised weights), less a tenth.
LIES: Final[dict[Statistic, float]] = {"margin": 0.02, "draw": 0.02, "drift": 0.12}

SAME_CLASS: Final[dict[Statistic, Tolerance]] = {
    "margin": Tolerance(mean=0.002, deviation=0.01, clip=0.25, lie=0.02),
    "draw": Tolerance(mean=0.002, deviation=0.02, clip=0.25, lie=0.02),
    "drift": Tolerance(mean=0.03, deviation=0.05, clip=1.0, lie=0.12),
}
