"""Intervals by resampling templates: texts of one template are not independent, so rows must not be resampled."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from benchmarks.redaction.scorer import NAMES, Counts

RESAMPLES: Final = 1_000
LEVEL: Final = 0.95


def interval(
    templates: Sequence[Counts], figure: Callable[[Counts], float], seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """The percentile interval of ``figure`` at 95 % over ``resamples`` draws of templates with replacement."""
    if not templates:
        return 0.0, 0.0
    table = np.array([[getattr(one, name) for name in NAMES] for one in templates], dtype=np.int64)
    generator = np.random.default_rng(seed)
    size = len(templates)
    draws = generator.multinomial(size, [1 / size] * size, size=resamples)
    drawn = sorted(figure(Counts(*(int(value) for value in row))) for row in draws @ table)
    cut = round(resamples * (1 - LEVEL) / 2)
    return drawn[cut], drawn[-cut - 1]
