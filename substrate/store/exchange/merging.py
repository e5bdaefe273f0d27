"""Merging a verified export into a home: set union, tombstones before texts."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from substrate.record.authority import Roles, is_authorised
from substrate.record.canonical import JsonObject
from substrate.record.checkpoint import read_checkpoint
from substrate.record.errors import UnknownCommons
from substrate.store.appending import keep_documents
from substrate.store.branches import Branch, Leaf, branches, extend, keep_head, open_branch, open_log, origin_of
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import LostErasures
from substrate.store.exchange.contents import Contents, LogCopy
from substrate.store.exchange.risk import ADVICE, accepted_statement, texts_at_risk
from substrate.store.failpoints import failpoint
from substrate.store.home import Home
from substrate.store.superseded import rows_of


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import added, and what it left out because it had been erased.

    ``at_risk`` is how many of the added texts somebody accepted although they may have been erased since.
    """

    documents: int
    items: int
    dropped: int
    forks: int
    at_risk: int = 0


def store_import(home: Home, contents: Contents, *, accepted: str = "") -> Imported:
    """Merge a verified file into a home of the same commons: set union, tombstones before texts.

    ``accepted`` is the time at which somebody accepted that erased texts may come back; without it that is refused.

    Raises:
        UnknownCommons: the file belongs to another commons.
        LostErasures: the file brings texts, nothing here is newer than it, and that was not accepted.
    """
    if (home.commons, home.charter) != (contents.commons, contents.charter):
        raise UnknownCommons("the file belongs to another commons than this home")
    gone = ErasureJournal(home.path).contributions() | contents.erased
    roles = _roles(home)
    tombstones = home.ledger.documents(kinds=["Erased"]) if roles is not None else ()
    gone |= {d.subject for d in tombstones if roles is not None and roles.by_node(d)}
    at_risk = texts_at_risk(contents, _sizes(home), roles, gone | home.vault.contributions().keys())
    if at_risk and not accepted:
        raise LostErasures(ADVICE)
    if at_risk:
        with home.ledger.write() as writer:
            writer.add(accepted_statement(home, contents, roles, at_risk, accepted))
        failpoint("import.accepted")
    for blob in contents.blobs:
        home.blobs.put(blob)
        failpoint("import.blob")
    added = items = dropped = forks = 0
    with home.database.transaction() as connection:
        for document in contents.documents.values():
            before = connection.total_changes
            keep_documents(connection, [document])
            added += connection.total_changes > before
        for log in contents.logs.values():
            forks += _merge_log(home, connection, log)
        now = _standing_rows(home, contents)
        for item in contents.items:
            if item["contribution"] in gone or item["row"] not in now.get(item["contribution"], ()):
                dropped += 1
            elif _store_item(home, connection, item):
                items += 1
        failpoint("import.inside-transaction")
    failpoint("import.after-commit")
    return Imported(added, items, dropped, forks, len(at_risk))


def _sizes(home: Home) -> dict[str, int]:
    return dict(home.database.connection.execute("SELECT origin, size FROM logs").fetchall())


def _roles(home: Home) -> Roles | None:
    """Who speaks for whom, as this home knows it; None where the charter itself comes with the file."""
    try:
        return home.roles()
    except UnknownCommons:
        return None


def _merge_log(home: Home, connection: sqlite3.Connection, log: LogCopy) -> int:
    """Extend what we hold of a log; returns 1 when the file contradicts it (a fork: both branches are kept)."""
    branch = _branch_for(home, connection, log)
    contradicts = not branch.main
    if len(log.leaves) > branch.size:
        branch = extend(connection, branch, log.leaves[branch.size :])
    for text in log.checkpoints:
        keep_head(connection, branch.log, read_checkpoint(text), text)
    return int(contradicts)


def _branch_for(home: Home, connection: sqlite3.Connection, log: LogCopy) -> Branch:
    """The row whose leaves begin as the file's do, or a new one."""
    held = branches(connection, origin_of(log.origin))
    if not held:
        branch = open_log(connection, origin_of(log.origin))
        own = branch.origin == home.ledger.origin
        connection.execute("UPDATE logs SET own = ? WHERE log = ?", (int(own), branch.log))
        return branch
    shared = [(_common(connection, branch, log.leaves), branch) for branch in held]
    common, nearest = max(shared, key=lambda pair: (pair[0], pair[1].main))
    if common in (nearest.size, len(log.leaves)):
        return nearest
    return open_branch(connection, nearest, common, log.leaves[common], home.ledger.node_reader(nearest.log))


def _common(connection: sqlite3.Connection, branch: Branch, leaves: list[Leaf]) -> int:
    """How many leaves a branch shares with a file's log, from the first on."""
    rows = connection.execute(
        "SELECT class, digest FROM leaves WHERE log = ? AND idx < ? ORDER BY idx", (branch.log, len(leaves))
    )
    differing = (
        n for n, ((kind, digest), leaf) in enumerate(zip(rows, leaves, strict=False)) if (kind == 1, digest) != leaf
    )
    return next(differing, min(branch.size, len(leaves)))


def _standing_rows(home: Home, contents: Contents) -> dict[str, set[str]]:
    """The rows that stand now, by all that the home knows with the file's documents: older bytes do not come back."""
    if not contents.items:
        return {}
    roles, found = home.roles(), dict[str, set[str]]()
    for item in contents.items:
        about = list(home.ledger.documents(subject=item["contribution"]))
        facts = [d for d in about if d.kind == "ConsentFact" and is_authorised(d, roles)]
        found[item["contribution"]] = {rows_of(fact, about, roles)[-1] for fact in facts}
    return found


def _store_item(home: Home, connection: Any, item: JsonObject) -> bool:
    """Store an item that is not here; one of which older bytes are here takes their place."""
    here = home.vault.rows(item["contribution"])
    if here == [item["row"]]:
        return False
    home.vault.destroy(connection, item["contribution"])
    home.vault.put(connection, item["contribution"], bytes.fromhex(item["salt"]), item["text"], federated=False)
    for document in item["private"]:
        home.vault.seal(connection, item["contribution"], document)
    return True
