"""Governance over a home: its ledger as the rules read it, whose key speaks, and what is in force."""

import uuid
from pathlib import Path
from typing import Any, Final

from governance.chambers.enactment import Enactment, enactment_of
from governance.chambers.scopes import chambers_for
from governance.ledger import KINDS, Ledger, read_ledger
from lecs_pipeline import clock
from lecs_pipeline.statements import find_document
from substrate.record.canonical import JsonObject, digest
from substrate.record.documents import Document, write_document
from substrate.record.errors import NoAuthority
from substrate.record.keys import Signer
from substrate.store.branches import forked_logs, tips
from substrate.store.errors import NotFound
from substrate.store.home import Home, open_home

#: Of a digest as people see it; commands take the beginning of one.
SHOWN: Final = 16


class NoVoice(Exception):
    """No key is at hand that could say this; the message tells how to name one."""


def ledger_of(home: Home) -> Ledger:
    """What the rules read of a home: the documents that they look at, and whose logs are forked."""
    ends = tips(home.database.connection, home.ledger.node_reader)
    forked = {origin.partition("/")[0] for origin in forked_logs(ends)}
    documents = home.ledger.documents(kinds=sorted(KINDS))
    return read_ledger(documents, home.commons, home.charter, home.ledger.inside, forked)


def governed(home: Home) -> Enactment:
    """The whole of governance in a home now. It reads the home while it is asked: use it while the home is open."""
    return enactment_of(ledger_of(home))


def voice(home: Home, name: str | None = None, kind: str = "pseudonym") -> Signer:
    """Whose key speaks: a contributor's by name, else the steward's of this home.

    Raises:
        NoVoice: there is no such key.
    """
    if name is not None:
        signer = home.keyring.contributor(kind, name)
        if signer is None:
            raise NoVoice("the keyring has no key of this kind and name: `lecs key new` makes one")
        return signer
    if not home.keyring.has("steward"):
        raise NoVoice("this home has no steward's key: say with --as NAME (and --kind) whose key signs")
    return home.keyring.signer("steward")


def member_voice(home: Home, fold: Enactment, name: str | None, kind: str) -> Signer:
    """As `voice`, of a key that is a member's: what others state would change nothing.

    Raises:
        NoVoice. NoAuthority: the key is no member's of this commons.
    """
    signer = voice(home, name, kind)
    if signer.did not in fold.state(clock.now()).members.persons:
        raise NoAuthority("this key is not a member's: members vouch for it, or the charter names it")
    return signer


def state(home: Home, kind: str, signer: Signer, fields: JsonObject) -> Document:
    """Sign a document and put it into the ledger."""
    document = write_document(kind, f"urn:uuid:{uuid.uuid4()}", home.commons, fields, signer, clock.now())
    with home.ledger.write() as writer:
        writer.add(document)
    return document


def find_kind(home: Home, prefix: str, kind: str) -> Document:
    """The document of a kind whose digest begins so.

    Raises:
        NotFound: none does, several do, or it is of another kind.
    """
    document = find_document(home, prefix)
    if document.kind != kind:
        raise NotFound(f"this is a {document.kind}, not a {kind}")
    return document


def tally(path: Path, prefix: str, as_of: str | None = None) -> dict[str, Any]:
    """How a proposal stands: ``{proposal, scope, state, reason, chambers, enacts_at}``.

    Raises:
        NotFound: there is no such proposal.
    """
    with open_home(path) as home:
        proposal = find_kind(home, prefix, "Proposal")
        return governed(home).outcomes[proposal.digest].statement(as_of or clock.now())


def proposals(path: Path, as_of: str | None = None) -> list[dict[str, Any]]:
    """Every proposal with its title, the newest first."""
    with open_home(path) as home:
        return proposals_in(governed(home), as_of or clock.now())


def proposals_in(fold: Enactment, time: str) -> list[dict[str, Any]]:
    """The same of a fold."""
    bodies = {one.digest: one.body for one in fold.ledger.of("Proposal")}
    names = sorted(bodies, key=lambda name: (bodies[name]["time"], name), reverse=True)
    return [{"title": bodies[name]["title"], **fold.outcomes[name].statement(time)} for name in names]


def show_proposal(path: Path, prefix: str, as_of: str | None = None) -> dict[str, Any]:
    """A proposal with its words (None where they are not in this home), what it changes, and how it stands."""
    with open_home(path) as home:
        return described(home, governed(home), find_kind(home, prefix, "Proposal"), as_of or clock.now())


def described(home: Home, fold: Enactment, proposal: Document, time: str) -> dict[str, Any]:
    """The same of an open home."""
    body, now = proposal.body, fold.parameters(time)
    changes = [
        {"name": one["name"], "from": now.get(one["name"], {"value": ""})["value"], "to": one["value"]}
        for one in body["effect"]["parameters"]
    ]
    committed = {one.signer for one in fold.ledger.of("VoteCommitment") if one.body["proposal"] == proposal.digest}
    return {
        **fold.outcomes[proposal.digest].statement(time),
        "title": body["title"], "text": words_of(home, body["text"]), "by": proposal.signer, "at": body["time"],
        "decides": list(chambers_for(body["scope"], fold.roles_at(time))), "parameters": changes,
        "acts": [_act(home, act) for act in body["effect"]["acts"]], "committed": len(committed),
    }  # fmt: skip


def words_of(home: Home, name: str) -> str | None:
    """The words of a proposal, where they are in this home."""
    try:
        return home.blobs.get(name).decode("utf-8", "replace")
    except NotFound:
        return None


def _act(home: Home, act: str) -> dict[str, Any]:
    try:
        return {"act": act, "kind": home.ledger.document(act).kind}
    except NotFound:
        return {"act": act, "kind": ""}


def parameters(path: Path, as_of: str | None = None) -> dict[str, Any]:
    """Every parameter, its value and the document that set it."""
    with open_home(path) as home:
        return {"parameters": governed(home).parameters(as_of or clock.now())}


def decision_on_recipe(home: Home, recipe: str, as_of: str) -> str:
    """The vote that put a recipe (by the digest of its content) in force by ``as_of``, in words; empty without one."""
    acts = [one.digest for one in home.ledger.documents(kinds=["Recipe"]) if digest(one.body["content"]) == recipe]
    if not acts or next(home.ledger.documents(kinds=["Proposal"]), None) is None:
        return ""
    fold = governed(home)
    names = {name for act in acts if (name := fold.decided_by(act)) is not None}
    found = sorted((fold.outcomes[name] for name in names), key=lambda one: (one.enacts_at, one.proposal))
    if not found or found[0].enacts_at > as_of:
        return ""
    one = found[0]
    counts = "; ".join(
        f"{chamber} chamber: {count['yes']} yes, {count['no']} no, {count['abstain']} abstained, "
        f"{count['unrevealed']} never revealed, of {count['electorate']}"
        for chamber, count in one.statement(as_of)["chambers"].items()
    )
    decided = f"This recipe was decided by a vote on proposal {one.proposal}"
    return f"{decided} and is in force since {one.enacts_at}: {counts}."
