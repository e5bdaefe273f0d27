"""Texts that other nodes lent to this home for publishing: kept while the gate says yes, destroyed when it does not."""

import uuid
from typing import Final

from consent.survey import survey_one
from consent.traces import remove_exports
from substrate.record.authority import Roles
from substrate.record.documents import write_document
from substrate.store.errors import Tampered
from substrate.store.home import Home

PURPOSE: Final = "publish-text"


def may_be_lent(home: Home, roles: Roles, contribution: str, row: str, as_of: str) -> bool:
    """Whether a text may be shown to others now: public tier, the purpose publish-text, and this row stands."""
    found = survey_one(home, roles, contribution, as_of)
    return found is not None and found.state.tier == "public" and found.state.row == row and PURPOSE in found.purposes


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
    found = survey_one(home, roles, contribution, time)
    with home.ledger.write() as writer:
        if found is not None and found.state.word in ("withdrawn", "erased"):
            fields = {"contribution": contribution, "time": time}
            urn = f"urn:uuid:{uuid.uuid4()}"
            writer.add(write_document("Erased", urn, home.commons, fields, home.node, time))
        remove_exports(home, writer.connection)
        home.borrowed.destroy(contribution)
