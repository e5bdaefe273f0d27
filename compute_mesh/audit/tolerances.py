"""Tolerances between engine classes, measured by benchmarks/audits.py. Figures: benchmarks/results/audits.md."""

from typing import Final

from compute_mesh.audit.verdicts import Statistic, Tolerance

SAME_CLASS: Final[dict[Statistic, Tolerance]] = {
    "margin": Tolerance(mean=0.002, deviation=0.01, clip=0.25, lie=0.02),
    "draw": Tolerance(mean=0.002, deviation=0.02, clip=0.25, lie=0.02),
    "drift": Tolerance(mean=0.03, deviation=0.05, clip=1.0, lie=0.12),
}
