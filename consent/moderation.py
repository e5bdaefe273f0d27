"""Moderators' decisions about one contribution, in the open and without its text."""

import uuid

from consent.appeals import Appealed, check_fresh
from consent.casenotes import check_free
from consent.lookup import state_of
from consent.state import State
from substrate.record.authority import is_authorised
from substrate.record.documents import Document, write_document
from substrate.record.errors import NoAuthority
from substrate.record.keys import Signer
from substrate.store.backup import keep_told
from substrate.store.failpoints import failpoint
from substrate.store.home import Home


def decide(
    home: Home, contribution: str, moderator: Signer, decision: str, grounds: list[str], statement: str, time: str,
    *, tier: str | None = None, appeal: Appealed | None = None,
) -> State:  # fmt: skip
    """Sign and log a decision; returns the contribution's state after it.

    With a panel of several, the decision counts once enough moderators have approved it.

    Raises:
        NoAuthority: the key is not a moderator's, stepped aside, or decided what is appealed against.
        NotFound: no such contribution.
        MalformedDocument: a word that the catalogue does not know.
    """
    roles = home.roles()
    if moderator.did not in roles.moderators:
        raise NoAuthority("this key is not a moderator's")
    state_of(home, roles, contribution)
    check_free(home, contribution, moderator.did)
    if appeal is not None:
        check_fresh(roles, home.ledger.document(appeal.decision), moderator.did)
    standing = [
        d for d in home.ledger.documents(kinds=["ModerationDecision"], subject=contribution) if is_authorised(d, roles)
    ]
    latest = next((d for d in standing if d.digest == _latest(standing)), None)
    if latest is not None and latest.signer == moderator.did and _says(latest, decision, grounds, statement, appeal):
        return state_of(home, roles, contribution)  # Said already, by a process that died before it could tell.
    fields = {
        "contribution": contribution,
        "decision": decision,
        "grounds": grounds,
        "statement": statement,
        "automated": False,
        "time": time,
        "tier": tier if decision == "restrict-tier" else None,
        "previous": appeal.decision if appeal else _latest(standing),
        "appeal": appeal.digest if appeal else None,
    }
    document = write_document("ModerationDecision", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, moderator, time)
    with home.ledger.write() as writer:
        writer.add(document)
        failpoint("moderate.inside-transaction")
    failpoint("moderate.after-commit")
    keep_told(home)
    return state_of(home, home.roles(), contribution)


def _says(document: Document, decision: str, grounds: list[str], statement: str, appeal: Appealed | None) -> bool:
    body, answers = document.body, appeal.digest if appeal else None
    said = (body["decision"], body["grounds"], body["statement"], body.get("appeal"))
    return said == (decision, grounds, statement, answers)


def _latest(decisions: list[Document]) -> str | None:
    """The decision that a new one replaces: one that no other replaces yet."""
    replaced = {d.body.get("previous") for d in decisions}
    return next((d.digest for d in decisions if d.digest not in replaced), None)
