"""Lines of earned credit: one for each day that both sides settled, in the first epoch whose closing holds both.

Not for ever: were any old day still open, two keys could settle all days since the first table at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from governance.closings import Closings
from governance.credits.tables import Tables, worth
from governance.ledger import Ledger
from governance.members.bindings import Bindings
from substrate.record.authority import Roles
from substrate.record.settlements import PairedDay, content_key, paired

#: A pair that no closing up to so many days after its epoch holds never counts.
LATEST_DAYS: Final = 31


@dataclass(frozen=True, slots=True)
class Earned:
    """What one worker earned on one day from one submitter.

    Attributes:
        epoch: the one in which it counts; None while no closing holds both sides.
        account, payer: the persons behind worker and submitter.
        units: of credit; nothing for one's own jobs and for work without a row in the table. tokens: all three counts.
        cites: the digest of what both sides said.
    """

    day: str
    epoch: int | None
    account: str
    payer: str
    units: int
    jobs: int
    tokens: int
    cites: str


def earned(ledger: Ledger, roles: Roles, closings: Closings, bindings: Bindings, tables: Tables) -> list[Earned]:
    """All lines, by day and digest."""
    settled = paired(ledger.documents, roles)
    sides = _sides(ledger, {(day.day, day.worker, day.submitter) for day in settled.days}, roles)
    lines = [line_of(day, _epoch(day, sides, closings, ledger), bindings, tables) for day in settled.days]
    return sorted(lines, key=lambda line: (line.day, line.cites))


def line_of(day: PairedDay, epoch: int | None, bindings: Bindings, tables: Tables) -> Earned:
    """The line of one paired day that counts in ``epoch``."""
    account, payer = bindings.person(day.worker), bindings.person(day.submitter)
    table = tables.of_day(day.day)
    units = 0
    if table is not None and account != payer:
        units = sum(worth(total, table.rates) or 0 for total in day.totals)
    tokens = sum(total["read"] + total["written"] + total["trained"] for total in day.totals)
    return Earned(day.day, epoch, account, payer, units, day.receipts, tokens, day.key)


def _sides(ledger: Ledger, wanted: set[tuple[str, str, str]], roles: Roles) -> dict[str, dict[str, list[str]]]:
    """For each content that both sides state, by side, the digests of the documents that state it."""
    found: dict[str, dict[str, list[str]]] = {}
    for document in ledger.of("Settlement"):
        body = document.body
        if (body["day"], body["worker"], body["submitter"]) in wanted and document.signer == body[body["side"]]:
            found.setdefault(content_key(body), {}).setdefault(body["side"], []).append(document.digest)
    return found


def _epoch(day: PairedDay, sides: dict[str, dict[str, list[str]]], closings: Closings, ledger: Ledger) -> int | None:
    said = sides[day.key].values()
    first = closings.epoch_of(day.day)
    last = first + LATEST_DAYS // closings.days
    for number in closings.epochs:
        if first <= number <= last and all(_any_inside(digests, ledger, number, closings) for digests in said):
            return number
    return None


def _any_inside(digests: Iterable[str], ledger: Ledger, number: int, closings: Closings) -> bool:
    return any(ledger.inside(digest, closings.epochs[number].cut) for digest in digests)
