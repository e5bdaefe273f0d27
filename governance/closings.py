"""Closing cuts: up to where was heard, for a vote's two steps and for the epochs of credits.

Two closings of one thing that stewards carried are rivals. The one that an epoch's closing already held stands; where
none or several did, neither counts, so that nobody can close again what was counted.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from governance.ledger import Ledger
from substrate.record.authority import Roles
from substrate.record.charter import cut_of
from substrate.record.cut import Cut
from substrate.record.times import write_time

_BEGIN: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Closing:
    """One closing that counts."""

    digest: str
    cut: Cut
    time: str


@dataclass(frozen=True)
class Closings:
    """All that count: ``epochs`` by number, ascending; ``commitments`` and ``reveals`` by proposal."""

    days: int
    epochs: dict[int, Closing]
    commitments: dict[str, Closing]
    reveals: dict[str, Closing]

    @property
    def last(self) -> int | None:
        """The number of the last closed epoch."""
        return max(self.epochs, default=None)

    def epoch_of(self, day: str) -> int:
        """The number of the epoch to which a day (``YYYY-MM-DD``) belongs: epoch 0 begins on 1970-01-01."""
        return (date.fromisoformat(day).toordinal() - _BEGIN) // self.days

    def end_of(self, epoch: int) -> str:
        """The time at which an epoch is over."""
        midnight = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=(epoch + 1) * self.days)
        return write_time(midnight)


def closings_of(ledger: Ledger, roles: Roles) -> Closings:
    """The closings that stewards carried, rivals left out, and epochs that were not over at the time stated."""
    days = int(roles.charter.body["settlementDays"])
    blank = Closings(days, {}, {}, {})
    found: dict[tuple[str, str], list[Closing]] = {}
    numbered: dict[int, list[Closing]] = {}
    for document in ledger.of("ClosingCut"):
        body = document.body
        if not roles.carried(document, "steward"):
            continue
        closing = Closing(document.digest, cut_of(body["upTo"]), body["time"])
        if body["closes"] != "epoch":
            found.setdefault((body["closes"], body["proposal"]), []).append(closing)
        elif body["epoch"] < blank.epoch_of(body["time"][:10]):
            numbered.setdefault(body["epoch"], []).append(closing)
    epochs = {number: rivals[0] for number, rivals in sorted(numbered.items()) if len(rivals) == 1}
    votes = {name: _standing(found, name, epochs, ledger) for name in ("commitments", "reveals")}
    return Closings(days, epochs, votes["commitments"], votes["reveals"])


def _standing(
    found: dict[tuple[str, str], list[Closing]], name: str, epochs: dict[int, Closing], ledger: Ledger
) -> dict[str, Closing]:
    chosen = {}
    for (closes, proposal), rivals in found.items():
        if closes == name and (one := _first_held(rivals, epochs, ledger)):
            chosen[proposal] = one
    return chosen


def _first_held(rivals: list[Closing], epochs: dict[int, Closing], ledger: Ledger) -> Closing | None:
    if len(rivals) == 1:
        return rivals[0]
    for epoch in epochs.values():
        held = [one for one in rivals if ledger.inside(one.digest, epoch.cut)]
        if held:
            return held[0] if len(held) == 1 else None
    return None
