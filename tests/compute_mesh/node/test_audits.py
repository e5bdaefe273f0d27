"""Which documents draw an auditor, whose word about a worker counts, and what a worker can say against it."""

from pathlib import Path
from typing import Any

import pytest

from compute_mesh.jobservice.auditstore import NAME, AuditStore
from compute_mesh.jobservice.handing import Drawn
from compute_mesh.node.beacons import Beacons
from compute_mesh.node.identity import mesh_folder
from compute_mesh.node.owners import candidates, may_judge
from lecs_pipeline.audits import appeal, audits, evidence
from substrate.record.errors import NoAuthority
from substrate.store.errors import NotFound
from substrate.store.home import Home
from substrate.store.keyring import Keyring

BEFORE, LATER = "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"


@pytest.fixture
def given(home_with_texts: Any) -> Any:
    return home_with_texts()


def add(home: Home, *documents: Any) -> None:
    with home.ledger.write() as writer:
        for document in documents:
            writer.add(document)


def test_the_first_later_statement_of_a_third_node_draws(given: Any) -> None:
    commons = given.commons
    worker, submitter = commons.key("the worker").did, commons.key("the submitter").did
    said = commons.write("AuditVerdict", commons.other_node, "said", worker=commons.key("a worker").did)
    stranger = commons.write("AuditVerdict", commons.stranger, "a stranger's", worker=worker)
    beacons = Beacons()
    with given.open() as home:
        assert beacons.first(home, BEFORE, (worker, submitter)) is None
        add(home, said, stranger)
        drawn = Drawn(said.digest, commons.other_node.did)
        assert beacons.first(home, BEFORE, (worker, submitter)) == drawn
        assert beacons.named(home, said.digest, BEFORE, (worker, submitter)) == drawn
        assert beacons.named(home, stranger.digest, BEFORE, (worker, submitter)) is None
        assert beacons.first(home, LATER, (worker, submitter)) is None, "it was there before"
        assert beacons.first(home, BEFORE, (commons.other_node.did, submitter)) is None, "a party draws nobody"


def test_one_persons_nodes_are_one_and_do_not_judge_each_other(given: Any) -> None:
    commons = given.commons
    one, other, person = commons.node, commons.other_node, commons.key("somebody")
    sides = [
        commons.write("MemberBinding", signer, f"{side} {node.did}", person=person.did, node=node.did, side=side)
        for node in (one, other)
        for side, signer in (("person", person), ("node", node))
    ]
    verdict = commons.write("AuditVerdict", other, "about the other", worker=one.did)
    with given.open() as home:
        assert candidates(home)(one.did).owner == one.did
        assert may_judge(candidates(home))(verdict)
        add(home, *sides)
        assert candidates(home)(one.did).owner == candidates(home)(other.did).owner == person.did
        assert not may_judge(candidates(home))(verdict)


def test_a_worker_appeals_once_against_what_accuses_it(given: Any) -> None:
    commons = given.commons
    with given.open() as home:
        bad, good = (
            commons.write("AuditVerdict", commons.other_node, word, worker=home.node.did, verdict=word)
            for word in ("inconsistent", "consistent")
        )
        another = commons.write("AuditVerdict", commons.other_node, "third", worker=commons.key("a third").did,
                                verdict="inconsistent")  # fmt: skip
        add(home, bad, good, another)
    listed = audits(given.path)
    assert {(one["audit"], one["verdict"]) for one in listed} >= {
        (bad.digest, "inconsistent"), (good.digest, "consistent"),
    }  # fmt: skip
    first = appeal(given.path, bad.digest[:10])
    assert first == appeal(given.path, bad.digest) == {**first, "audit": bad.digest, "auditor": commons.other_node.did}
    with given.open() as home:
        [document] = home.ledger.documents(kinds=["AuditAppeal"])
        assert document.body["evidence"] == bad.body["evidence"]
    for refused in (good.digest, another.digest):
        with pytest.raises(NoAuthority):
            appeal(given.path, refused)
    with pytest.raises(NotFound):
        appeal(given.path, "ffff")


def test_evidence_comes_out_where_the_audit_was_made(given: Any) -> None:
    commons = given.commons
    with given.open() as home:
        verdict = commons.write("AuditVerdict", home.node, "mine", worker=commons.other_node.did)
        add(home, verdict)
    with pytest.raises(NotFound, match="no audits"):
        evidence(given.path, verdict.digest)
    store = AuditStore(mesh_folder(Path(given.path)) / NAME, Keyring(given.path / "keys").secret("audits"))
    store.keep(verdict, b"a bundle")
    store.close()
    assert evidence(given.path, verdict.digest[:12]) == (verdict.digest, b"a bundle")
