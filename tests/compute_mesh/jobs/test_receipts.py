"""Receipts fit what was asked, acceptances fit receipts, and both sides add up a day to the same settlement."""

from random import Random
from typing import Any

import pytest

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.receipts import (
    RULES,
    Work,
    accepted,
    check_acceptance,
    check_receipt,
    receipts_root,
    settle,
    write_acceptance,
    write_receipt,
    write_settlement,
)
from substrate.record.documents import Document, read_document
from substrate.record.merkle import Frontier, inclusion_proof, leaf_hash, verify_inclusion
from substrate.record.settlements import paired

TIME = "2026-11-22T10:00:00Z"


def manifest(commons: Any, label: str = "", **changed: Any) -> Manifest:
    return Manifest(commons.write("JobManifest", commons.other_node, label, **changed))


def receipt(commons: Any, job: Manifest, label: str = "", signer: Any = None, **changed: Any) -> Document:
    work: dict[str, Any] = {
        "engine": commons.fields("JobReceipt")["engine"], "read": 12, "written": 34, "begun": TIME, "ended": TIME,
        "outputs": commons.fields("JobReceipt")["outputs"],
    }  # fmt: skip
    return write_receipt(job, Work(**{**work, **changed}), signer or commons.node, urn(label))


def urn(label: str) -> str:
    return f"urn:uuid:00000000-0000-0000-0000-{int.from_bytes(label.encode().rjust(4, b'.'), 'big') % 10**12:012d}"


def test_a_receipt_that_fits_is_taken(commons) -> None:
    job = manifest(commons)
    made = receipt(commons, job)
    assert check_receipt(read_document(made.raw), job, commons.node.did, 5) is None
    answer = write_acceptance(made, commons.other_node, TIME, urn("answer"))
    assert check_acceptance(read_document(answer.raw), made) is None


def test_each_rule_has_its_name(commons, make_commons) -> None:
    job, other = manifest(commons), manifest(commons, "other")
    fits = receipt(commons, job)
    elsewhere = make_commons(label="another commons")
    large = [{"root": "a" * 64, "bytes": 1 << 30}]
    found = {
        "kind": check_receipt(elsewhere.one_of_each()["JobReceipt"], job, commons.node.did, 5),
        "other-job": check_receipt(receipt(commons, other), job, commons.node.did, 5),
        "other-worker": check_receipt(receipt(commons, job, signer=commons.stranger), job, commons.node.did, 5),
        "too-many-tokens": check_receipt(receipt(commons, job, written=65), job, commons.node.did, 5),
        "too-much-output": check_receipt(receipt(commons, job, outputs=large), job, commons.node.did, 5),
        "too-late": check_receipt(
            receipt(commons, job, begun="2026-11-22T12:00:00Z", ended="2026-11-22T12:00:01Z"), job, commons.node.did, 5
        ),
        "too-long": check_receipt(fits, job, commons.node.did, 601),
    }
    assert {name: refusal and refusal.rule for name, refusal in found.items()} == {name: name for name in RULES}
    assert check_receipt(receipt(commons, job, read=40 + 512 + 1), job, commons.node.did, 5).rule == "too-many-tokens"
    assert check_receipt(receipt(commons, job, trained=1), job, commons.node.did, 5).rule == "too-many-tokens"


def test_an_acceptance_of_something_else_is_none(commons) -> None:
    job = manifest(commons)
    one, two = receipt(commons, job, "1"), receipt(commons, job, "2", written=33)
    answer = write_acceptance(one, commons.other_node, TIME, urn("answer"))
    assert check_acceptance(answer, two).rule == "other-job"
    forged = write_acceptance(one, commons.stranger, TIME, urn("forged"))
    assert check_acceptance(forged, one).rule == "other-worker"
    assert check_acceptance(one, one).rule == "kind"


def test_only_what_was_accepted_and_never_disputed_is_settled(commons) -> None:
    jobs = [manifest(commons, str(n)) for n in range(4)]
    receipts = [receipt(commons, job, str(n)) for n, job in enumerate(jobs)]
    answers = [
        write_acceptance(receipts[0], commons.other_node, TIME, urn("a")),
        write_acceptance(receipts[1], commons.other_node, TIME, urn("b"), "too-slow"),
        write_acceptance(receipts[2], commons.stranger, TIME, urn("c")),
        write_acceptance(receipts[3], commons.other_node, TIME, urn("d")),
        write_acceptance(receipts[3], commons.other_node, TIME, urn("e"), "wrong"),
    ]
    assert accepted(receipts, answers) == [receipts[0]]


def test_both_sides_add_up_to_the_same_and_it_counts(commons) -> None:
    """In whatever order each keeps them; what one side added up alone does not pair."""
    receipts = [
        receipt(commons, manifest(commons, f"{n}"), f"{n}", written=n, ended=TIME if n < 9 else "2026-11-23T00:00:00Z")
        for n in range(10)
    ]
    shuffled = [*receipts, receipts[3]]
    Random(3).shuffle(shuffled)
    (ours,), (theirs,) = settle(receipts, "2026-11-22"), settle(shuffled, "2026-11-22")
    assert ours == theirs
    assert ours.fields["receipts"] == 9
    assert ours.fields["totals"][0]["written"] == sum(range(9))
    sides = [
        write_settlement(ours, "worker", commons.node, commons.id, TIME, urn("w")),
        write_settlement(theirs, "submitter", commons.other_node, commons.id, TIME, urn("s")),
    ]
    (day,) = paired(sides, commons.roles()).days
    assert (day.receipts, day.root) == (9, ours.fields["root"])
    (short,) = settle(receipts[1:], "2026-11-22")
    sides[1] = write_settlement(short, "submitter", commons.other_node, commons.id, TIME, urn("s"))
    assert paired(sides, commons.roles()).days == ()


def test_a_job_counts_once_for_a_worker_and_its_own_not_at_all(commons) -> None:
    job = manifest(commons)
    twice = [receipt(commons, job, "1"), receipt(commons, job, "2", written=60)]
    (day,) = settle(twice, "2026-11-22")
    assert day.fields["receipts"] == 1
    both = settle([twice[0], receipt(commons, job, "3", signer=commons.stranger)], "2026-11-22")
    assert len(both) == 2, "a quorum is settled with each of its workers"
    assert settle([receipt(commons, job, signer=commons.other_node)], "2026-11-22") == []
    assert settle(twice, "2026-11-23") == []


def test_totals_are_apart_by_model_quantisation_and_type(commons) -> None:
    engine = {**commons.fields("JobReceipt")["engine"], "quantisation": "q8-0"}
    jobs = [
        manifest(commons, "1"), manifest(commons, "2"),
        manifest(commons, "3", job="embeddings", inference=None, embeddings={"texts": 1}),
    ]  # fmt: skip
    receipts = [
        receipt(commons, jobs[0]),
        receipt(commons, jobs[1], engine=engine),
        receipt(commons, jobs[2], written=0),
    ]
    (day,) = settle(receipts, "2026-11-22")
    assert [(t["quantisation"], t["job"]) for t in day.fields["totals"]] == [
        ("q4-1", "embeddings"), ("q4-1", "inference"), ("q8-0", "inference"),
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 5])
def test_one_receipt_can_be_shown_to_be_in_a_settlement(commons, count: int) -> None:
    """Without showing the others: what an appeal needs."""
    digests = sorted(receipt(commons, manifest(commons, str(n)), str(n)).digest for n in range(count))
    nodes, tree = {}, Frontier()
    for digest in digests:
        nodes.update({(level, index): value for level, index, value in tree.append(leaf_hash(bytes.fromhex(digest)))})
    path = inclusion_proof(0, count, lambda level, index: nodes[level, index])
    root = bytes.fromhex(receipts_root(digests))
    verify_inclusion(leaf_hash(bytes.fromhex(digests[0])), 0, count, path, root)
