"""How much an adapter changes on held-out texts, text by text, with an interval that says how sure that is.

Bits per byte, so that tokenisers and languages can be compared. The bootstrap draws whole texts, always those two
figures together (Efron and Tibshirani 1993, percentile interval); the draws follow from a fixed seed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

DRAWS: Final = 2000
_SEED: Final = 20261129


@dataclass(frozen=True, slots=True)
class Scored:
    """One held-out text: what base and adapter need for it, in nats, over its tokens and bytes."""

    base: float
    adapted: float
    tokens: int
    bytes: int
    language: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Bits per byte of base and adapter; ``delta`` below zero is better; 95 in 100 intervals hold the true delta."""

    texts: int
    tokens: int
    bytes: int
    base: float
    adapted: float
    delta: float
    low: float
    high: float

    @property
    def includes_zero(self) -> bool:
        """Whether these texts cannot tell the adapter from the base."""
        return self.low <= 0 <= self.high


def compare(scored: Sequence[Scored], draws: int = DRAWS) -> Comparison | None:
    """Base and adapter over these texts; None where there are none."""
    sizes = np.array([one.bytes for one in scored], np.float64)
    if not sizes.sum():
        return None
    base, adapted = (np.array([getattr(one, name) for one in scored]) / math.log(2) for name in ("base", "adapted"))
    generator = np.random.Generator(np.random.PCG64(_SEED))
    chosen = generator.integers(0, len(scored), (draws, len(scored)))
    found = (adapted - base)[chosen].sum(axis=1) / np.maximum(sizes[chosen].sum(axis=1), 1)
    low, high = np.quantile(found, (0.025, 0.975))
    whole = float(sizes.sum())
    return Comparison(
        texts=len(scored),
        tokens=sum(one.tokens for one in scored),
        bytes=int(whole),
        base=float(base.sum()) / whole,
        adapted=float(adapted.sum()) / whole,
        delta=float((adapted - base).sum()) / whole,
        low=float(low),
        high=float(high),
    )


def compare_by(scored: Sequence[Scored], column: str) -> dict[str, Comparison]:
    """The same by language or by domain."""
    groups: dict[str, list[Scored]] = {}
    for one in scored:
        groups.setdefault(str(getattr(one, column)), []).append(one)
    found = ((name, compare(members)) for name, members in sorted(groups.items()))
    return {name: one for name, one in found if one is not None}
