"""Changing the charter, and care for the keys that stand in it: proposing, approving, rotating, removing.

A change names the last link of the chain, and the cut that the ledger is at. With a threshold of one it is in
force at once; with more it waits for the approvals of other stewards.
"""

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from consent.casenotes import check_free
from consent.founding import InvalidCharter, steward_of
from substrate.record.authority import STEWARD_ACTS, Roles
from substrate.record.authority_table import STEWARD_STATEMENTS
from substrate.record.checkpoint import log_origin
from substrate.record.cut import cut_entries
from substrate.record.documents import Document, write_document
from substrate.record.errors import MalformedDocument, NoAuthority
from substrate.record.keys import Signer
from substrate.store.home import Home, open_home


@dataclass(frozen=True, slots=True)
class Proposal:
    """A signed change of the charter: its digest, the key that it brings (if any), and who still has to approve."""

    digest: str
    key: str
    in_force: bool
    missing: int


def change_charter(
    home: Home, time: str,
    added: list[dict[str, str]], removed: list[dict[str, str]], fields: dict[str, Any], *, brings: str = "",
) -> Proposal:  # fmt: skip
    """Sign and log a change of the charter that follows what is in force; in a fork it names all rivals.

    Raises:
        NoAuthority: this home has no steward's key. InvalidCharter: the change does not fit the charter.
    """
    with home.ledger.write() as writer:
        document = _change(home, time, added, removed, fields)
        writer.add(document)
    return _proposal(home, document.digest, brings)


def rotate_steward(home: Home, time: str) -> Proposal:
    """Replace this home's steward key in every role that it has. The old key signs the change.

    The new key takes its place on disk once the change is in force (`open_home` sees to it), at once where one
    steward is enough; until then the same change is found again.

    Raises:
        NoAuthority: this home has no steward's key.
    """
    roles, old = home.roles(), steward_of(home).did
    new = home.keyring.staged("steward").did
    for change in home.ledger.documents(kinds=["CharterChange"]):
        brings = any(entry["key"] == new for entry in change.body["added"])
        if brings and set(change.body["previous"]) == set(roles.chain.heads):
            return _proposal(home, change.digest, new)
    held = [role for role in ("steward", "moderator") if old in roles.chain.state.holders(role)]
    added = [{"role": role, "key": new} for role in held]
    removed = [{"role": role, "key": old, "successor": new} for role in held]
    proposal = change_charter(home, time, added, removed, {}, brings=new)
    _settle(home)
    return proposal


def rotate_node(home: Home, time: str) -> Proposal:
    """Replace this home's node key: the old log ends at the cut that the change names, a new one begins with it.

    One transaction makes both true; afterwards the pin and the key file follow, or the next `open_home` makes them.

    Raises:
        NoAuthority: not a steward's home, not an admitted node, or more than one steward would have to agree.
    """
    roles, old = home.roles(), home.node.did
    if old not in roles.chain.state.holders("node"):
        raise NoAuthority("the charter does not admit this node, so there is nothing to rotate: import into a new home")
    if roles.threshold > 1:
        raise NoAuthority(
            "here several stewards have to agree, and a node cannot wait between two keys: lower the threshold to"
            " one with `lecs charter change`, rotate, and raise it again"
        )
    new = home.keyring.staged("node")
    origin = log_origin(new.did, secrets.token_hex(8))
    with home.ledger.begin(new, origin) as writer:
        added, removed = [{"role": "node", "key": new.did}], [{"role": "node", "key": old, "successor": new.did}]
        document = _change(home, time, added, removed, {})
        writer.add(document)
    _settle(home)
    return Proposal(document.digest, new.did, True, 0)


def remove_key(home: Home, role: str, key: str, time: str) -> Proposal:
    """Take a role away from a key. What it stated up to now still counts.

    Raises:
        NoAuthority: no steward's key here. InvalidCharter: the key has no such role, or too few would be left.
    """
    return change_charter(home, time, [], [{"role": role, "key": key}], {})


def approve(home: Home, act: Document, time: str, by: Signer | None = None) -> bool:
    """Say yes, with this home's steward key or with ``by``, to what somebody else signed; False if it had said so.

    Raises:
        NoAuthority: this key has no voice here. MalformedDocument: not what stewards or moderators approve.
    """
    roles, signer = home.roles(), by or steward_of(home)
    role = _who_approves(act, roles.board)
    if signer.did not in (roles.board if role == "board" else roles.chain.state.holders(role)):
        raise NoAuthority("this key is not on the board" if role == "board" else f"this key is not a {role}'s")
    if act.kind == "ModerationDecision":
        check_free(home, act.subject, signer.did)
    if signer.did == act.signer or signer.did in roles.approvals.get(act.digest, ()):
        return False
    document = write_document("Approval", f"urn:uuid:{uuid.uuid4()}", home.commons, {"act": act.digest}, signer, time)
    with home.ledger.write() as writer:
        writer.add(document)
    return True


def _who_approves(act: Document, board: frozenset[str]) -> str:
    """The role whose voices carry an act or decision.

    Raises:
        MalformedDocument: nobody approves such a document.
    """
    if act.kind in STEWARD_ACTS | STEWARD_STATEMENTS:
        return "steward"
    if act.kind in ("ModerationDecision", "AuditRuling"):
        return "moderator"
    if act.kind == "DisputeDecided":
        return "moderator" if "appeal" not in act.body else "board" if board else "steward"
    raise MalformedDocument(f"a {act.kind} is nothing that anybody approves")


def _change(
    home: Home, time: str, added: list[dict[str, str]], removed: list[dict[str, str]], fields: dict[str, Any]
) -> Document:  # fmt: skip
    """The signed change, inside a transaction: it names the chain and the cut as they are at this moment."""
    roles, signer = home.roles(), _steward(home)
    body: dict[str, Any] = {
        "previous": sorted(roles.chain.heads),
        "added": added,
        "removed": removed,
        "fields": fields,
        "upTo": cut_entries(home.ledger.cut()),
        "time": time,
    }
    try:
        document = write_document("CharterChange", f"urn:uuid:{uuid.uuid4()}", home.commons, body, signer, time)
    except MalformedDocument as error:
        raise InvalidCharter(str(error)) from None
    if roles.chain.state.after(document.body) is None:
        raise InvalidCharter(
            "the change does not fit the charter: it removes a key that has no such role, adds one that has it or"
            " was removed before, or leaves too few stewards for the threshold, or no node"
        )
    return document


def _steward(home: Home) -> Signer:
    signer = steward_of(home)
    if signer.did not in home.roles().stewards:
        raise NoAuthority("the key in keys/steward.json is not a steward's of this commons")
    return signer


def _proposal(home: Home, digest: str, brings: str) -> Proposal:
    roles: Roles = home.roles()
    if digest in roles.chain.changes:
        return Proposal(digest, brings, True, 0)
    said = {home.ledger.document(digest).signer, *roles.approvals.get(digest, ())} & roles.stewards
    return Proposal(digest, brings, False, max(0, roles.threshold - len(said)))


def _settle(home: Home) -> None:
    """Opening a home ends a rotation that is in force: key file and pin follow the ledger."""
    with open_home(home.path):
        pass
