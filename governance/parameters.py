"""The parameters of governance: what they mean, where they begin, how far a vote can move them."""

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from governance.exact import NANO, read_nano
from substrate.record.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table: values as in documents. ``floor``: a member of the charter's minima bounds it too."""

    scope: str
    start: str
    least: str
    most: str
    meaning: str
    floor: str = ""


PARAMETERS: Final[Mapping[str, Parameter]] = {
    "floor-tokens-per-day": Parameter(
        "floor", "0", "0", "999999999", "F: tokens a day for every person", "tokensPerDay"
    ),
    "floor-queue-hours": Parameter("floor", "8784", "1", "8784", "T: a floor job has ended by then", "queueHours"),
    "half-life-days": Parameter("credits", "180", "30", "3650", "credit halves in so many days"),
    "age-days": Parameter("credits", "30", "7", "365", "credit is this old before it weighs in a vote"),
    "audit-rate": Parameter("machines", "0.05", "0.02", "1", "p: share of receipts that are audited"),
    "deterred-share": Parameter("machines", "0.1", "0.01", "1", "f: share of false jobs that escrow deters"),
    "auditors-to-freeze": Parameter("machines", "2", "1", "9", "persons whose audits together freeze an account"),
    "providers": Parameter("machines", "4", "1", "100", "an epoch's credit is spent in parts of 1 over this"),
    "vouches-per-year": Parameter("inclusion", "5", "1", "50", "V: vouches of a member that count in a year"),
    "seeds": Parameter("inclusion", "64", "1", "1000", "how many named members the flow of trust begins with"),
    "seed-capacity": Parameter("inclusion", "1000", "1", "1000000", "how many persons trust from one seed carries"),
    "fan-out": Parameter("inclusion", "4", "2", "100", "each step from a seed divides what it carries by this"),
    "proposals-per-epoch": Parameter("constitution", "2", "1", "100", "more of one person fall together"),
    "quorum-contributor": Parameter("constitution", "0.2", "0.05", "0.9", "share of persons that has to vote"),
    "quorum-technical": Parameter("constitution", "0.2", "0.05", "0.9", "share of the weight that has to vote"),
    "penetration": Parameter("constitution", "0.2", "0", "0.5", "s: share of false persons that is allowed for"),
    "time-lock-days": Parameter("constitution", "14", "7", "365", "days from the count to the effect"),
    "weight-cap": Parameter("constitution", "16", "1", "1000", "the most that one person weighs"),
    "organisation-cap": Parameter("constitution", "32", "1", "100000", "the most that one organisation weighs"),
    "pool-open": Parameter("constitution", "0", "0", "1", "1: excess credits can be exchanged for a share"),
    "pool-share-cap": Parameter("constitution", "0.05", "0.001", "1", "the largest share of the pool of one person"),
    "pool-threshold": Parameter("constitution", "100", "1", "999999999", "credits above this are excess"),
    "pool-age-days": Parameter("constitution", "90", "30", "3650", "how old credit in the pool has to be"),
}


def refusal(name: str, value: str, charter: JsonObject) -> str:
    """Why a parameter cannot have this value: a word, or empty when it can. ``charter``: the body in force."""
    row = PARAMETERS.get(name)
    if row is None:
        return "unknown-parameter"
    if not read_nano(row.least) <= read_nano(value) <= read_nano(row.most):
        return "out-of-bounds"
    if row.floor and _within_minimum(row.floor, read_nano(value), charter) != read_nano(value):
        return "below-the-minimum"
    return ""


def _within_minimum(bound: str, nano: int, charter: JsonObject) -> int:
    minimum = int(charter["floor"][bound]) * NANO
    return max(nano, minimum) if bound == "tokensPerDay" else min(nano, minimum)


@dataclass
class Timeline:
    """Which value each parameter has at which time, and the document that set it.

    The charter's minima hold whatever the timeline says: they are applied when a value is read.
    """

    charter: JsonObject
    _steps: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

    def set(self, name: str, value: str, time: str, digest: str) -> None:
        """From ``time`` on ``name`` is ``value``; of two settings at one time the one with the larger digest."""
        insort(self._steps.setdefault(name, []), (time, digest, value))

    def at(self, name: str, time: str) -> int:
        """The value in units of 10^-9."""
        return self.stated(name, time)[0]

    def whole(self, name: str, time: str) -> int:
        """The value without what stands behind the point."""
        return self.at(name, time) // NANO

    def stated(self, name: str, time: str) -> tuple[int, str]:
        """The value in units of 10^-9 and the digest that set it: empty for the table's start or the charter."""
        row = PARAMETERS[name]
        value, digest = read_nano(row.start), ""
        for since, setter, text in self._steps.get(name, ()):
            if since <= time:
                value, digest = read_nano(text), setter
        if not row.floor:
            return value, digest
        bounded = _within_minimum(row.floor, value, self.charter)
        return (bounded, digest) if bounded == value else (bounded, "")
