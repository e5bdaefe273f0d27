"""An appeal against an audit: the worker asks, the auditor shows the evidence, a moderator who is no party rules."""

import json
from typing import Any

import pytest

from compute_mesh.jobs.blobs import blob_root
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer
from substrate.store.home import open_home

TIME = "2026-11-22T10:00:00Z"
BUNDLE = b'{"format": "lecs-audit-evidence-1"}'
AUDITOR, WORKER = Signer(b"a" * 32), Signer(b"w" * 32)


def put(home: Any, kind: str, signer: Signer, fields: dict[str, Any], number: int = 1) -> Document:
    """A document into the ledger of a home."""
    with open_home(home.path) as opened:
        made = write_document(
            kind,
            f"urn:uuid:00000000-0000-4000-8000-{number:012x}",
            opened.commons,
            {**fields, "time": TIME},
            signer,
            TIME,
        )
        with opened.ledger.write() as writer:
            writer.add(made)
    return made


def verdict_on(home: Any, worker: str) -> Document:
    fields = dict.fromkeys(("manifest", "receipt", "model", "engine", "beacon"), "1" * 64)
    fields |= {"job": "inference", "worker": worker, "assurance": "probe", "verdict": "inconsistent"}
    fields |= {"statistic": "margin", "value": "0.1", "bound": "0.01", "evidence": blob_root(BUNDLE)}
    return put(home, "AuditVerdict", AUDITOR, {**fields, "tokens": 64})


def listed(home: Any) -> dict[str, Any]:
    (one,) = home.run("audit", "list", "--json").ok().json["audits"]
    assert isinstance(one, dict)
    return one


def test_a_moderator_rules_on_what_the_worker_asked(small: Any, tmp_path: Any) -> None:
    verdict = verdict_on(small, WORKER.did)
    rule = ("audit", "rule", verdict.digest[:16])
    early = small.run(*rule, "stands", "--reason", "It is plain.", "--json")
    assert (early.code, early.json["error"]) == (5, "not-found")
    assert "did not appeal" in early.json["message"]
    assert (listed(small)["appeal"], listed(small)["ruling"]) == (None, None)
    put(small, "AuditAppeal", AUDITOR, {"verdict": verdict.digest, "evidence": blob_root(BUNDLE)}, 2)
    assert listed(small)["appeal"] is None, "only the worker appeals"
    appeal = put(small, "AuditAppeal", WORKER, {"verdict": verdict.digest, "evidence": blob_root(BUNDLE)}, 3)
    assert (listed(small)["appeal"], listed(small)["ruling"]) == (appeal.digest, None)
    with open_home(small.path) as home:
        moderator = home.keyring.signer("steward")
    stray = {"verdict": "2" * 64, "appeal": appeal.digest, "ruling": "stands", "reason": "About another one."}
    put(small, "AuditRuling", moderator, stray, 6)
    assert listed(small)["ruling"] is None, "it names another verdict"
    (tmp_path / "other.json").write_bytes(BUNDLE + b" ")
    (tmp_path / "evidence.json").write_bytes(BUNDLE)
    other = small.run(*rule, "set-aside", "--reason", "Another build.", "--evidence", tmp_path / "other.json", "--json")
    assert other.code != 0
    assert "not the evidence" in other.json["message"]
    assert listed(small)["ruling"] is None
    said = [*rule, "set-aside", "--reason", "Another build.", "--evidence", tmp_path / "evidence.json", "--json"]
    told = small.run(*said).ok().json
    assert (told["says"], told["audit"], told["appeal"], told["counts"]) == (
        "set-aside", verdict.digest, appeal.digest, True,
    )  # fmt: skip
    assert small.run(*said).ok().json["ruling"] == told["ruling"], "said again, nothing new is signed"
    assert listed(small)["ruling"] == "set-aside"
    shown = json.loads(small.run("ledger", "show", told["ruling"]).ok().out)
    assert (shown["reason"], shown["ruling"]) == ("Another build.", "set-aside")


@pytest.mark.parametrize("party", ["worker", "auditor"])
def test_no_party_rules(small: Any, party: str) -> None:
    """Also where the same home has the moderator's key."""
    with open_home(small.path) as home:
        own = home.node
    if party == "worker":
        verdict = verdict_on(small, own.did)
        asked = small.run("audit", "appeal", verdict.digest, "--json").ok().json
        assert small.run("audit", "appeal", verdict.digest, "--json").ok().json == asked
    else:
        fields = {**verdict_on(small, WORKER.did).body, "statistic": "draw"}
        kept = {k: v for k, v in fields.items() if k in VERDICT}
        verdict = put(small, "AuditVerdict", own, kept, 4)
        put(small, "AuditAppeal", WORKER, {"verdict": verdict.digest, "evidence": blob_root(BUNDLE)}, 5)
    refused = small.run("audit", "rule", verdict.digest, "set-aside", "--reason", "We did well.", "--json")
    assert (refused.code, refused.json["error"]) == (6, "no-authority")
    assert "party" in refused.json["message"]


VERDICT = {
    "job", "manifest", "receipt", "worker", "model", "engine", "assurance", "beacon", "verdict", "statistic", "value",
    "bound", "tokens", "evidence",
}  # fmt: skip
