"""What work is worth on which day.

A table counts for days from its first one on, unless their epoch was closed before the table was in force: so no new
table changes what was credited.
"""

from dataclasses import dataclass
from typing import Final

from governance.closings import Closings
from governance.exact import UNIT, divided, read_nano
from substrate.record.authority import Roles
from substrate.record.canonical import JsonObject

#: More than any honest day: keeps one line from being beyond all numbers. In units.
MOST_OF_A_LINE: Final = 10**9 * UNIT
_SECONDS: Final = 3600
#: Tokens times 10^9 (rates are in units of 10^-9) times the units of a credit.
_SCALE: Final = 10**9 * UNIT

Rates = dict[tuple[str, str, str], tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Table:
    """One reference table in force; ``enacted``: when the chambers' decision took effect, empty for the stewards'."""

    digest: str
    from_day: str
    version: int
    rates: Rates
    enacted: str


@dataclass(frozen=True)
class Tables:
    """All tables in force, the one that goes before others last."""

    tables: tuple[Table, ...]
    roles: Roles
    closings: Closings

    def of_day(self, day: str) -> Table | None:
        """The table for a day: of those that count for it, the latest first day, version, digest."""
        closing = self.closings.epochs.get(self.closings.epoch_of(day))
        for table in reversed(self.tables):
            if table.from_day > day:
                continue
            if closing is None:
                return table
            if table.enacted and table.enacted <= closing.time:
                return table
            if not table.enacted and self.roles.carried_by_stewards(self.roles.acts[table.digest], closing.cut):
                return table
        return None


def tables_of(roles: Roles, closings: Closings, enacted: dict[str, str]) -> Tables:
    """The tables in force; ``enacted`` says for those of the chambers since when."""
    found = [
        Table(
            digest, act.body["fromDay"], act.body["version"], _rates(act.body),
            "" if roles.carried_by_stewards(act) else enacted[digest],
        )
        for digest, act in roles.acts.items()
        if act.kind == "ReferenceTable"
    ]  # fmt: skip
    ordered = sorted(found, key=lambda table: (table.from_day, table.version, table.digest))
    return Tables(tuple(ordered), roles, closings)


def worth(total: JsonObject, rates: Rates) -> int | None:
    """Units of credit for one total of a settlement; None without a row for it.

    (read / READ + written / WRITTEN + trained / TRAINED) / 3600, each term rounded half even to 12 places: hours of
    one RTX 4090, whatever machine did the work.
    """
    row = rates.get((total["model"], total["quantisation"], total["job"]))
    if row is None:
        return None
    read, written, trained = row
    units = (
        divided(total["read"] * _SCALE, read * _SECONDS)
        + divided(total["written"] * _SCALE, written * _SECONDS)
        + divided(total["trained"] * _SCALE, trained * _SECONDS)
    )
    return min(units, MOST_OF_A_LINE)


def _rates(body: JsonObject) -> Rates:
    return {
        (row["model"], row["quantisation"], row["job"]): (
            read_nano(row["read"]), read_nano(row["written"]), read_nano(row["trained"]),
        )
        for row in body["rows"]
    }  # fmt: skip
