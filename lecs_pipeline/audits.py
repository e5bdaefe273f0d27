"""Wiring of `lecs audit`: what auditors found, evidence, appeals against it, and what moderators rule."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compute_mesh.jobs.blobs import blob_root
from compute_mesh.jobservice.auditstore import NAME, AuditStore
from compute_mesh.node.context import clock
from compute_mesh.node.identity import mesh_folder
from lecs_pipeline.disputing import decider
from lecs_pipeline.governing import state
from substrate.record.authority import is_authorised
from substrate.record.documents import Document, write_document
from substrate.record.errors import NoAuthority
from substrate.store.errors import NotFound, Tampered
from substrate.store.home import Home, open_home
from substrate.store.keyring import Keyring


def audits(path: Path) -> list[dict[str, Any]]:
    """What auditors of this commons found, as the ledger here has it, the newest first."""
    with open_home(path) as home:
        found = [one for one in home.ledger.documents(kinds=["AuditVerdict"]) if one.known]
        appeals, rulings = _appeals(home, found), _rulings(home)
    listed = sorted(found, key=lambda one: (one.body["time"], one.body["id"]), reverse=True)
    names = ("worker", "verdict", "statistic", "value", "bound", "tokens")
    return [
        {
            "audit": one.digest, "auditor": one.signer, "job": one.body["manifest"], **{n: one.body[n] for n in names},
            "appeal": appeals.get(one.digest), "ruling": rulings.get((appeals.get(one.digest, ""), one.digest)),
        }
        for one in listed
    ]  # fmt: skip


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


def rule(path: Path, audit: str, ruling: str, reason: str, bundle: bytes | None = None) -> dict[str, Any]:
    """Answer an appeal as a moderator: the verdict stands, or is set aside. The same said again is the same ruling.

    Args:
        bundle: the evidence that the auditor showed; it is held against what the verdict cites.

    Raises:
        NotFound: no such verdict, or nobody appealed against it. Tampered: this is other evidence.
        NoAuthority: no key of a moderator is here, or this home's node is a party.
    """
    with open_home(path) as home:
        verdict = _verdict(home, audit)
        asked = _appeals(home, [verdict]).get(verdict.digest)
        if asked is None:
            raise NotFound("the worker did not appeal against this audit: there is nothing to rule on")
        if home.node.did in (verdict.signer, verdict.body["worker"]):
            raise NoAuthority("this home's node is a party to it: another moderator has to rule")
        if bundle is not None and blob_root(bundle) != verdict.body["evidence"]:
            raise Tampered("this is not the evidence that the verdict cites")
        signer = decider(home, home.roles().moderators, "moderators")
        fields = {"verdict": verdict.digest, "appeal": asked, "ruling": ruling, "reason": reason}
        said = [one for one in home.ledger.documents(kinds=["AuditRuling"]) if one.signer == signer.did]
        last = max((one for one in said if one.body["appeal"] == asked), key=_when, default=None)
        if last is None or last.body["ruling"] != ruling:
            last = state(home, "AuditRuling", signer, {**fields, "time": clock()})
        counts = is_authorised(last, home.roles())
    return {"ruling": last.digest, "says": ruling, "audit": verdict.digest, "appeal": asked, "counts": counts}


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


def _appeals(home: Home, verdicts: Sequence[Document]) -> dict[str, str]:
    """By verdict, the worker's first appeal against it."""
    workers = {one.digest: one.body["worker"] for one in verdicts}
    found = sorted(home.ledger.documents(kinds=["AuditAppeal"]), key=_when, reverse=True)
    return {one.body["verdict"]: one.digest for one in found if workers.get(one.body["verdict"]) == one.signer}


def _rulings(home: Home) -> dict[tuple[str, str], str]:
    """By appeal and verdict, the last ruling of those that count."""
    found = sorted(home.ledger.documents(kinds=["AuditRuling"]), key=_when)
    roles = home.roles() if found else None
    return {
        (one.body["appeal"], one.body["verdict"]): one.body["ruling"]
        for one in found
        if roles and is_authorised(one, roles)
    }


def _when(document: Document) -> tuple[str, str]:
    return document.body["time"], document.digest


def _verdict(home: Home, prefix: str) -> Document:
    found = [one for one in home.ledger.documents(kinds=["AuditVerdict"]) if one.digest.startswith(prefix)]
    if not prefix or len(found) != 1:
        raise NotFound(f"{'several audits begin' if len(found) > 1 else 'no audit here begins'} with {prefix[:16]}")
    return found[0]
