"""Counting: a quorum, and more than half of what was said plus half the share of false persons that is allowed for.

The status quo is the anchor (Shahaf, Shapiro, Talmon: Sybil-resilient reality-aware social choice): with a share s of
false persons, more than 1/2 + s/2 of the votes have to want the change.
"""

from dataclasses import dataclass
from fractions import Fraction

from governance.chambers.ballots import CHOICES, UNREVEALED
from governance.exact import NANO, UNIT, written
from substrate.record.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Count:
    """The count of one chamber, in units of 10^-12 (a person is 1).

    ``electorate``: what all could have said. ``quorum``: what has to be said at least.
    """

    yes: int
    no: int
    abstain: int
    unrevealed: int
    electorate: int
    quorum: Fraction
    passed: bool

    def statement(self) -> JsonObject:
        """``{yes, no, abstain, unrevealed, electorate, quorum: {needed, reached}, passed}``, numbers as text."""
        said = self.yes + self.no + self.abstain + self.unrevealed
        needed = -(-self.quorum.numerator // self.quorum.denominator)
        return {
            "yes": written(self.yes), "no": written(self.no), "abstain": written(self.abstain),
            "unrevealed": written(self.unrevealed), "electorate": written(self.electorate),
            "quorum": {"needed": written(needed), "reached": said >= self.quorum}, "passed": self.passed,
        }  # fmt: skip


def count(ballots: dict[str, str], weights: dict[str, int], quorum: int, penetration: int) -> Count:
    """Count one chamber: ``weights`` of the electorate in units; quorum and penetration in units of 10^-9.

    Comparisons are of exact fractions. An empty chamber says no.
    """
    sums = dict.fromkeys(CHOICES, 0)
    for voter, choice in ballots.items():
        sums[choice] += weights.get(voter, 0)
    everyone = sum(weights.values())
    needed = Fraction(quorum * everyone, NANO)
    decided = sums["yes"] + sums["no"] + sums[UNREVEALED]
    enough = everyone > 0 and sum(sums.values()) >= needed
    wanted = sums["yes"] * 2 * NANO > decided * (NANO + penetration)
    return Count(
        sums["yes"], sums["no"], sums["abstain"], sums[UNREVEALED], everyone, needed, enough and wanted
    )  # fmt: skip


def one_each(persons: frozenset[str]) -> dict[str, int]:
    """The contributor chamber: every person weighs one."""
    return dict.fromkeys(persons, UNIT)
