"""Decay by closed epochs, never by the clock."""

from dataclasses import dataclass
from functools import cache

from governance.closings import Closings
from governance.exact import FACTOR, divided, halving
from governance.parameters import Timeline


@dataclass(frozen=True)
class Decay:
    """What is left at the end of epoch ``now`` of what was earned in an epoch before."""

    factors: dict[int, int]

    def of(self, units: int, epoch: int) -> int:
        """The rest of ``units`` earned in ``epoch``."""
        return divided(units * self.factors[epoch], FACTOR)


_halving = cache(halving)


def decay_to(now: int, first: int, closings: Closings, timeline: Timeline) -> Decay:
    """The factors from ``first`` up to ``now``.

    An epoch multiplies what came before it by 2 ^ (-days / half-life), with the half-life in force when it ended;
    products are rounded to 28 places, half even, from ``now`` backwards.
    """
    factors = {now: FACTOR}
    for epoch in range(now, first, -1):
        factor = _halving(closings.days, timeline.at("half-life-days", closings.end_of(epoch)))
        factors[epoch - 1] = divided(factors[epoch] * factor, FACTOR)
    return Decay(factors)
