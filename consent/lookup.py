"""Finding contributions and what is known of them in a home."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from consent.gate import Declaration, declaration_of
from consent.state import State, contribution_state
from substrate.record.authority import Roles
from substrate.record.canonical import JsonObject
from substrate.record.codes import read_code, withdrawal_signer
from substrate.record.keys import Signer
from substrate.store.errors import NotFound
from substrate.store.home import Home


class Ambiguous(NotFound):
    """The beginning of an id fits several contributions."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A contribution that a withdrawal code opens, with the key that the code gives."""

    contribution: str
    signer: Signer


def find_contribution(home: Home, prefix: str) -> str:
    """The contribution whose id begins so.

    Raises:
        NotFound: none does. Ambiguous: several do.
    """
    found = home.ledger.contributions(prefix)
    if not found:
        raise NotFound("no contribution with this id is in this home")
    if len(found) > 1:
        raise Ambiguous(f"{len(found)} contributions or more begin so: give more of the id")
    return found[0]


def open_by_code(home: Home, code: str) -> Opened:
    """The contribution whose withdrawal code this is.

    Raises:
        MalformedDocument: not a code. NotFound: no contribution here has it.
    """
    signer = withdrawal_signer(read_code(code))
    found = home.ledger.by_withdrawal_key(signer.did)
    if not found:
        raise NotFound("no contribution in this home has this withdrawal code")
    return Opened(found[0], signer)


def state_of(home: Home, roles: Roles, contribution: str) -> State:
    """The folded state of one contribution.

    Raises:
        NotFound: no fact about it counts here.
    """
    state = contribution_state(list(home.ledger.documents(subject=contribution)), roles)
    if state is None:
        raise NotFound("no admitted node states a fact about this contribution")
    return state


def record_of(home: Home, contribution: str) -> JsonObject | None:
    """The body of the private consent record, where this home holds it."""
    try:
        raw = home.vault.private(contribution, "ConsentRecord")
    except NotFound:
        return None
    # Verified when it was accepted; the vault has just checked that these are the bytes of then.
    record: JsonObject | None = json.loads(raw[0]) if raw else None
    return record


def declaration_here(home: Home, contribution: str) -> Declaration | None:
    """What the gate reads in the private record, where this home holds it."""
    record = record_of(home, contribution)
    return declaration_of(record) if record is not None else None


def confirmed_erasures(home: Home, roles: Roles, contribution: str) -> list[tuple[str, str]]:
    """(node, time) of every admitted node that stated that it has erased its copy, by time."""
    tombstones = home.ledger.documents(kinds=["Erased"], subject=contribution)
    return sorted(((d.signer, d.body["time"]) for d in tombstones if roles.by_node(d)), key=lambda pair: pair[::-1])


def all_states(home: Home, roles: Roles) -> Iterator[State]:
    """Every contribution about which a fact counts, by id."""
    for _, documents in home.ledger.by_subject():
        state = contribution_state(documents, roles)
        if state is not None:
            yield state
