"""The fold of credits: a ledger, its members and its parameters in, all accounts out."""

from collections.abc import Iterable
from dataclasses import dataclass

from governance.closings import Closings
from governance.credits.accounts import Account, Spent, balance_of, held_back, jobs_in_escrow
from governance.credits.decay import Decay, decay_to
from governance.credits.earning import Earned, earned
from governance.credits.freezing import frozen_accounts, independent, standing_verdicts
from governance.credits.spending import spent
from governance.credits.tables import Tables
from governance.credits.weighing import weighing_credit
from governance.exact import NANO
from governance.ledger import Ledger
from governance.members.admitted import Members
from governance.parameters import Timeline
from substrate.record.authority import Roles
from substrate.record.documents import Document


@dataclass(frozen=True)
class Credits:
    """All accounts at the end of epoch ``epoch`` (None before the first is closed).

    ``weighing``: units by person of credit that weighs in the technical chamber.
    """

    epoch: int | None
    accounts: dict[str, Account]
    weighing: dict[str, int]


def credits_of(
    ledger: Ledger, roles: Roles, closings: Closings, members: Members, tables: Tables, timeline: Timeline, time: str
) -> Credits:
    """Fold settlements, spends, audits and forks with the parameters of ``time``."""
    lines = earned(ledger, roles, closings, members.bindings, tables)
    verdicts = standing_verdicts(ledger, roles)
    needed = timeline.whole("auditors-to-freeze", time)
    frozen = frozen_accounts(ledger, roles, members.bindings, verdicts, needed)
    spending = _spending(ledger, members)
    now = closings.last
    rates = timeline.at("audit-rate", time), timeline.at("deterred-share", time)
    if now is None:
        accounts = {name: _unclosed(name, own, frozen) for name, own in _by_account(lines, (), frozen).items()}
        return Credits(None, accounts, {})
    first = min((line.epoch for line in lines if line.epoch is not None), default=now)
    decay = decay_to(now, first, closings, timeline)
    books = _Books(now, decay, jobs_in_escrow(*rates), timeline.whole("providers", time), closings, timeline)
    accounts = {
        name: books.account(name, own, spending.get(name, []), frozen.get(name, ""))
        for name, own in _by_account(lines, spending, frozen).items()
    }
    audited = {
        name: jobs * NANO // rates[0] for name, jobs in _consistent(verdicts, members).items() if name not in frozen
    }
    weighing = weighing_credit(lines, audited, members, closings, decay, timeline, now, time)
    return Credits(now, accounts, weighing)


@dataclass(frozen=True)
class _Books:
    now: int
    decay: Decay
    escrow_jobs: int
    providers: int
    closings: Closings
    timeline: Timeline

    def account(self, name: str, lines: list[Earned], spends: list[Document], frozen: str) -> Account:
        """One member's account: first what was spent, epoch by epoch, then what is left."""

        def balance_at(epoch: int, done: list[Spent]) -> int:
            known = [line for line in lines if line.epoch is not None and line.epoch <= epoch]
            if not known:
                return 0
            first = min([line.epoch for line in known if line.epoch is not None] + [one.epoch for one in done])
            decay = decay_to(epoch, min(first, epoch), self.closings, self.timeline)
            return balance_of(known, held_back(known, self.escrow_jobs), done, decay)[0]

        done = spent(spends, self.now, self.providers, balance_at) if spends else []
        held = held_back(lines, self.escrow_jobs)
        counted = [one for one in done if one.epoch <= self.now]
        balance, escrow, gone = balance_of(lines, held, counted, self.decay)
        ahead = sum(one.units for one in done if one.epoch > self.now)
        pending = sum(line.units for line in lines if line.epoch is None)
        return Account(
            name, balance - ahead, escrow, gone + ahead, pending, frozen, tuple(lines), held, tuple(done)
        )  # fmt: skip


def _unclosed(name: str, lines: list[Earned], frozen: dict[str, str]) -> Account:
    pending = sum(line.units for line in lines)
    return Account(name, 0, 0, 0, pending, frozen.get(name, ""), tuple(lines), frozenset(), ())


def _by_account(lines: list[Earned], *also: Iterable[str]) -> dict[str, list[Earned]]:
    found: dict[str, list[Earned]] = {}
    for line in lines:
        found.setdefault(line.account, []).append(line)
    for names in also:
        for name in names:
            found.setdefault(name, [])
    return found


def _spending(ledger: Ledger, members: Members) -> dict[str, list[Document]]:
    """Spends of members by person; a key that is no member's spends nothing."""
    found: dict[str, list[Document]] = {}
    for document in ledger.of("PrioritySpend"):
        if document.signer in members.persons:
            found.setdefault(document.signer, []).append(document)
    return found


def _consistent(verdicts: list[Document], members: Members) -> dict[str, int]:
    """For each account the receipts that others audited and found consistent, each once."""
    found: dict[str, set[str]] = {}
    for one in verdicts:
        if one.body["verdict"] == "consistent" and independent(one, members.bindings):
            found.setdefault(members.bindings.person(one.body["worker"]), set()).add(one.body["receipt"])
    return {account: len(receipts) for account, receipts in found.items()}
