"""Texts that other nodes lent to this home for publishing: kept while the gate says yes, destroyed when it does not."""

import uuid
from typing import Final

from consent.gate import Eligible, eligible
from consent.lookup import declaration_here, state_of
from consent.survey import law_here
from consent.traces import remove_exports
from substrate.record.authority import Roles
from substrate.record.documents import write_document
from substrate.store.errors import NotFound, Tampered
from substrate.store.home import Home

PURPOSE: Final = "publish-text"


def may_be_lent(home: Home, roles: Roles, contribution: str, row: str, as_of: str) -> bool:
    """Whether a text may be shown to others now: public tier, the purpose publish-text, and this row stands."""
    try:
        state = state_of(home, roles, contribution)
    except NotFound:
        return False
    verdict = eligible(state, declaration_here(home, contribution), law_here(roles), as_of, PURPOSE)
    return isinstance(verdict, Eligible) and state.tier == "public" and state.row == row


def give_back(home: Home, time: str) -> int:
    """Destroy borrowed texts that may not be shown any more; how many.

    Where the person took the text back, or it was erased, this home says with an `Erased` that its copy is gone.
    """
    borrowed = list(home.borrowed.contributions())
    roles = home.roles() if borrowed else None
    gone = 0
    for contribution in borrowed:
        assert roles is not None  # noqa: S101 (there is one)
        if not _stands(home, roles, contribution, time):
            _destroy(home, roles, contribution, time)
            gone += 1
    return gone


def _stands(home: Home, roles: Roles, contribution: str, time: str) -> bool:
    try:
        row = home.borrowed.get(contribution).row
    except Tampered:
        return False  # It can be fetched again.
    return may_be_lent(home, roles, contribution, row, time)


def _destroy(home: Home, roles: Roles, contribution: str, time: str) -> None:
    try:
        word = state_of(home, roles, contribution).word
    except NotFound:
        word = ""
    with home.ledger.write() as writer:
        if word in ("withdrawn", "erased"):
            fields = {"contribution": contribution, "time": time}
            urn = f"urn:uuid:{uuid.uuid4()}"
            writer.add(write_document("Erased", urn, home.commons, fields, home.node, time))
        remove_exports(home, writer.connection)
        home.borrowed.destroy(contribution)
