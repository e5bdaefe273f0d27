"""Accounts: what a person has, what is held back, what was spent, line by line.

Nothing here takes from one account what it gives to another; the only way into an account is a paired settlement.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from governance.closings import Closings
from governance.credits.decay import Decay
from governance.credits.earning import Earned
from governance.exact import NANO, UNIT, written
from substrate.record.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Spent:
    """Credit put down at one provider for one epoch, in units, and the documents that say so."""

    epoch: int
    provider: str
    units: int
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """One person's account at the end of the last closed epoch; amounts in units of 10^-12 credit.

    Attributes:
        balance: what can be spent; below nought after an overdraft, until later earnings repay it.
        escrow: earned, and held back while audits may still find it false.
        spent: what spending has left off the balance by now.
        pending: earned in days whose epoch is not closed.
        frozen: why nothing can be spent; empty where something can.
    """

    member: str
    balance: int
    escrow: int
    spent: int
    pending: int
    frozen: str
    earned: tuple[Earned, ...]
    held: frozenset[str]
    spends: tuple[Spent, ...]

    @property
    def available(self) -> int:
        """What buys a place in the queue: nothing when frozen or overdrawn."""
        return 0 if self.frozen else max(0, self.balance)

    def statement(self) -> JsonObject:
        """``{member, balance, escrow, spent, frozen, pending, lines: [{at, kind, amount, cites}]}``, amounts as text.

        Lines of kind earned and held, spent and decayed add up to balance and escrow together.
        """
        lines = [
            {"at": line.day, "kind": _kind(line, self.held), "amount": written(line.units), "cites": [line.cites]}
            for line in self.earned
        ] + [
            {"at": f"epoch {one.epoch}", "kind": "spent", "amount": written(-one.units), "cites": list(one.cites)}
            for one in self.spends
        ]
        counted = sum(line.units for line in self.earned if line.epoch is not None)
        decayed = self.balance + self.escrow - counted + sum(one.units for one in self.spends)
        lines.append({"at": "now", "kind": "decayed", "amount": written(decayed), "cites": []})
        return {
            "member": self.member, "balance": written(self.balance), "escrow": written(self.escrow),
            "spent": written(self.spent), "pending": written(self.pending), "frozen": self.frozen, "lines": lines,
        }  # fmt: skip


def _kind(line: Earned, held: frozenset[str]) -> str:
    if line.epoch is None:
        return "pending"
    return "held" if line.cites in held else "earned"


def jobs_in_escrow(audit_rate: int, deterred_share: int) -> int:
    """How many of the newest jobs are held back: 1 / (p * f), rounded up; both in units of 10^-9.

    Who falsifies a share f of its jobs is found, on average, after that many; then what it gained is still held.
    """
    return -(-NANO * NANO // (audit_rate * deterred_share))


def held_back(lines: Iterable[Earned], jobs: int) -> frozenset[str]:
    """The newest lines (by epoch, day, digest) up to and with the one that makes ``jobs`` full."""
    held, count = set(), 0
    closed = (line for line in lines if line.epoch is not None)
    for line in sorted(closed, key=lambda line: (line.epoch, line.day, line.cites), reverse=True):
        if count >= jobs:
            break
        held.add(line.cites)
        count += line.jobs
    return frozenset(held)


def balance_of(
    lines: list[Earned], held: frozenset[str], spends: Iterable[Spent], decay: Decay
) -> tuple[int, int, int]:
    """(balance, escrow, spent) in units: sums by epoch, each epoch's sum decayed once."""
    free: dict[int, int] = {}
    escrow: dict[int, int] = {}
    spent: dict[int, int] = {}
    for line in lines:
        if line.epoch is not None:
            into = escrow if line.cites in held else free
            into[line.epoch] = into.get(line.epoch, 0) + line.units
    for one in spends:
        spent[one.epoch] = spent.get(one.epoch, 0) + one.units
    total, back, gone = (sum(decay.of(units, epoch) for epoch, units in sums.items()) for sums in (free, escrow, spent))
    return total - gone, back, gone


@dataclass(frozen=True)
class Rules:
    """What accounts need beside their lines: closings, decay up to an epoch, jobs in escrow, parts of a balance."""

    closings: Closings
    escrow_jobs: int
    providers: int


def quota(balance: int, providers: int) -> int:
    """What one provider takes from a member in one epoch: the balance at the end of the one before, in parts."""
    return max(0, balance) // providers


UNITS_OF_NANO = UNIT // NANO
