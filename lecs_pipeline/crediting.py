"""Wiring of `lecs credits`: an account line by line, spending, and whose a node is."""

from pathlib import Path
from typing import Any

from governance.credits.accounts import Account, quota
from governance.credits.fold import Credits
from governance.exact import UNIT, read_nano, written
from lecs_pipeline import clock
from lecs_pipeline.governing import governed, member_voice, state, voice
from substrate.record.errors import MalformedDocument
from substrate.record.keys import public_of
from substrate.store.errors import NotFound
from substrate.store.home import Home, open_home


class NothingToSpend(Exception):
    """There is less credit than was to be spent at one provider in this epoch."""


def credits_here(path: Path, member: str | None, name: str | None, kind: str) -> dict[str, Any]:
    """An account: ``{member, balance, escrow, spent, frozen, pending, lines: [{at, kind, amount, cites}]}``.

    Args:
        member: a did:key, or its end; without one the account of this home's person.

    Raises:
        NotFound: no account ends so, or several do. NoVoice: this home has nobody's key.
    """
    with open_home(path) as home:
        current = governed(home).state(clock.now())
        accounts = current.credits.accounts
        if member is None:
            own = current.members.bindings.person(voice(home, name, kind).did)
        else:
            own = _whole(member, {*accounts, *current.members.persons})
        return accounts.get(own, empty_account(own)).statement()


def all_credits(path: Path) -> dict[str, Any]:
    """Every account in short, the largest first, and the last closed epoch."""
    with open_home(path) as home:
        found: Credits = governed(home).state(clock.now()).credits
        accounts = sorted(found.accounts.values(), key=lambda one: (-one.balance - one.escrow, one.member))
        names = ("member", "balance", "escrow", "spent", "pending", "frozen")
        lines = [{name: one.statement()[name] for name in names} for one in accounts]
        return {"epoch": -1 if found.epoch is None else found.epoch, "accounts": lines}


def spend(path: Path, provider: str, amount: str, name: str | None, kind: str) -> dict[str, Any]:
    """Use credit up at one provider in the epoch that runs, to be served earlier there. Nobody receives it.

    Raises:
        NothingToSpend: it is more than the part of a provider. NoVoice, NoAuthority: see `member_voice`.
        MalformedDocument: the provider is no key, or the amount no number.
    """
    public_of(provider)
    with open_home(path) as home:
        fold = governed(home)
        signer = member_voice(home, fold, name, kind)
        time = clock.now()
        current = fold.state(time)
        epoch = -1 if current.credits.epoch is None else current.credits.epoch + 1
        account = current.credits.accounts.get(signer.did, empty_account(signer.did))
        part = quota(account.available, fold.timeline.whole("providers", time))
        try:
            wanted = read_nano(amount) * (UNIT // 10**9)
        except ValueError:
            raise MalformedDocument("an amount is a number such as 0.25") from None
        if epoch < 0 or wanted > part:
            raise NothingToSpend(f"at one provider and in one epoch {written(max(part, 0))} credits can be spent")
        document = state(home, "PrioritySpend", signer, {"provider": provider, "epoch": epoch, "amount": amount})
    return {"spend": document.digest, "member": signer.did, "provider": provider, "epoch": epoch, "amount": amount}


def bind(path: Path, organisation: str | None, name: str | None, kind: str) -> dict[str, Any]:
    """Say from both sides, once and for good, that this home's node belongs to a person; or declare an organisation.

    What was said before is not said again.

    Raises:
        NoVoice: there is no key of the person.
    """
    with open_home(path) as home:
        person = voice(home, name, kind)
        if organisation is not None:
            fields = {"person": person.did, "side": "person", "organisation": organisation}
            _once(home, person, fields)
            return {"person": person.did, "node": None, "organisation": organisation}
        for side, signer in (("person", person), ("node", home.node)):
            _once(home, signer, {"person": person.did, "side": side, "node": home.node.did})
        return {"person": person.did, "node": home.node.did, "organisation": None}


def _once(home: Home, signer: Any, fields: dict[str, str]) -> None:
    for one in home.ledger.documents(kinds=["MemberBinding"]):
        if one.signer == signer.did and all(one.body.get(key) == value for key, value in fields.items()):
            return
    state(home, "MemberBinding", signer, fields)


def _whole(member: str, known: set[str]) -> str:
    found = [one for one in known if one == member or one.endswith(member)]
    if len(found) == 1:
        return found[0]
    try:
        public_of(member)
    except MalformedDocument:
        raise NotFound("no member ends so" if not found else "several members end so") from None
    return member


def empty_account(member: str) -> Account:
    """The account of somebody who never earned anything."""
    return Account(member, 0, 0, 0, 0, "", (), frozenset(), ())
