"""Wiring of `lecs audit`: what auditors found, appeals against it, and evidence."""

import uuid
from pathlib import Path
from typing import Any

from compute_mesh.jobservice.auditstore import NAME, AuditStore
from compute_mesh.node.context import clock
from compute_mesh.node.identity import mesh_folder
from substrate.record.documents import Document, write_document
from substrate.record.errors import NoAuthority
from substrate.store.errors import NotFound
from substrate.store.home import Home, open_home
from substrate.store.keyring import Keyring


def audits(path: Path) -> list[dict[str, Any]]:
    """What auditors of this commons found, as the ledger here has it, the newest first."""
    with open_home(path) as home:
        found = [one for one in home.ledger.documents(kinds=["AuditVerdict"]) if one.known]
    listed = sorted(found, key=lambda one: (one.body["time"], one.body["id"]), reverse=True)
    names = ("worker", "verdict", "statistic", "value", "bound", "tokens")
    return [
        {"audit": one.digest, "auditor": one.signer, "job": one.body["manifest"], **{n: one.body[n] for n in names}}
        for one in listed
    ]


def appeal(path: Path, audit: str) -> dict[str, Any]:
    """Ask the moderators to look at the evidence of a verdict on this node; asked twice, the first one stands.

    Raises:
        NotFound: no such verdict, or several begin so. NoAuthority: it is about another node, or accuses nobody.
    """
    with open_home(path) as home:
        verdict = _verdict(home, audit)
        if verdict.body["worker"] != home.node.did or verdict.body["verdict"] != "inconsistent":
            raise NoAuthority("a node appeals against a verdict that calls its own work inconsistent, and no other")
        earlier = [one for one in home.ledger.documents(kinds=["AuditAppeal"]) if one.signer == home.node.did]
        found = next((one for one in earlier if one.body["verdict"] == verdict.digest), None)
        if found is None:
            now = clock()
            fields = {"verdict": verdict.digest, "evidence": verdict.body["evidence"], "time": now}
            found = write_document("AuditAppeal", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, now)
            with home.ledger.write() as writer:
                writer.add(found)
    return {"appeal": found.digest, "audit": verdict.digest, "auditor": verdict.signer}


def evidence(path: Path, audit: str) -> tuple[str, bytes]:
    """The digest of a verdict of this node's, and the evidence that it cites; it holds what was asked and answered.

    Raises:
        NotFound: no such verdict, or its evidence is not here (any more). Tampered: it was changed.
    """
    with open_home(path) as home:
        verdict = _verdict(home, audit)
    file = mesh_folder(path) / NAME
    if not file.exists():
        raise NotFound("this node made no audits: the auditor has the evidence")
    store = AuditStore(file, Keyring(path / "keys").secret("audits"))
    try:
        return verdict.digest, store.bundle(verdict.digest)
    finally:
        store.close()


def _verdict(home: Home, prefix: str) -> Document:
    found = [one for one in home.ledger.documents(kinds=["AuditVerdict"]) if one.digest.startswith(prefix)]
    if not prefix or len(found) != 1:
        raise NotFound(f"{'several audits begin' if len(found) > 1 else 'no audit here begins'} with {prefix[:16]}")
    return found[0]
