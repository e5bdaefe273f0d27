"""What is computed again: vectors, scores, a segment of training; and the document and bundle of an audit."""

import json
from dataclasses import replace

import numpy as np
import pytest

from compute_mesh.audit.claims import Claim
from compute_mesh.audit.forcing import Forced
from compute_mesh.audit.recomputed import judge_scores, judge_segment, judge_vectors, sample
from compute_mesh.audit.telling import decimal_text, evidence_bundle, write_verdict
from compute_mesh.audit.verdicts import Finding
from compute_mesh.jobs.blobs import blob_root, job_blob
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.runtime.sampling import Sampling
from substrate.record.authority import is_authorised
from substrate.record.errors import NoAuthority

TIME, ID = "2026-11-22T10:00:00Z", "urn:uuid:00000000-0000-0000-0000-000000000001"
FINDING = Finding("margin", 0.0031, 0.0172, 320, "consistent")


def vectors(count: int = 12, seed: int = 3) -> np.ndarray:
    found = np.random.default_rng(seed).standard_normal((count, 384)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_half_precision_is_consistent_and_another_text_is_not() -> None:
    mine = vectors()
    half = mine.astype(np.float16).astype(np.float32)
    assert judge_vectors(half, mine).word == "consistent"
    swapped = half.copy()
    swapped[[3, 4]] = swapped[[4, 3]]
    assert judge_vectors(swapped, mine).word == "inconsistent"
    noisy = mine + np.float32(0.2) * vectors(seed=4)
    assert judge_vectors(noisy / np.linalg.norm(noisy, axis=1, keepdims=True), mine).word == "inconsistent"
    assert judge_vectors(half[:3], mine[:3]).word == "inconclusive"


@pytest.mark.parametrize("bad", [0.0, 2.0, np.nan])
def test_a_vector_without_length_one_is_no_vector(bad: float) -> None:
    """Nothing, too much, and no number: none passes as near to anything."""
    claimed = vectors()
    claimed[5] *= bad
    assert judge_vectors(claimed, vectors()).word == "inconsistent"


def test_scores_are_compared_for_each_token() -> None:
    mine, tokens = np.linspace(20, 60, 10, dtype=np.float32), np.full(10, 25)
    assert judge_scores(mine + np.float32(0.1), mine, tokens).word == "consistent"
    assert judge_scores(mine * np.float32(0.9), mine, tokens).word == "inconsistent"
    assert judge_scores(mine[:4], mine[:4], tokens[:4]).word == "inconclusive"
    assert judge_scores(np.full(10, np.nan, np.float32), mine, tokens).word == "inconsistent"
    with pytest.raises(ValueError, match="not as many"):
        judge_scores(mine[:4], mine, tokens)


def test_a_segment_says_something_within_its_class_alone() -> None:
    assert judge_segment("a", "a", 128, same_class=True).word == "consistent"
    assert judge_segment("a", "b", 128, same_class=True).word == "inconsistent"
    assert judge_segment("a", "b", 128, same_class=False).word == "inconclusive"


def test_the_sample_is_drawn_by_both_digests() -> None:
    drawn = sample("a" * 64, "b" * 64, 5000, 32)
    assert len(set(drawn)) == 32
    assert drawn == sorted(drawn)
    assert drawn != sample("a" * 64, "c" * 64, 5000, 32)
    assert sample("a" * 64, "b" * 64, 5, 32) == [0, 1, 2, 3, 4]


def test_a_verdict_is_a_document_that_counts(commons) -> None:
    receipt = commons.one_of_each()["JobReceipt"]
    third = commons.key("third node")

    def told(**changed: object) -> object:
        given = {"why": "spot", "beacon": "b" * 64, "evidence": b"{}", "auditor": third, "time": TIME, "identifier": ID}
        return write_verdict(FINDING, receipt, **{**given, **changed})  # type: ignore[arg-type]

    verdict = told()
    assert (verdict.body["worker"], verdict.body["receipt"]) == (receipt.signer, receipt.digest)
    assert (verdict.body["value"], verdict.body["bound"]) == ("0.0031", "0.0172")
    assert verdict.body["evidence"] == blob_root(b"{}")
    assert not is_authorised(verdict, commons.roles()), "a node that nobody admitted"
    with pytest.raises(NoAuthority):
        told(auditor=commons.node)
    with pytest.raises(NoAuthority):
        told(auditor=commons.other_node)
    assert is_authorised(told(auditor=commons.other_node, why="probe"), commons.roles())


def test_the_bundle_has_what_is_needed_to_compute_it_again(commons) -> None:
    manifest, receipt = Manifest(commons.one_of_each()["JobManifest"]), commons.one_of_each()["JobReceipt"]
    claim = Claim((1, 2), (3,), "length", Sampling(tokens=1, temperature=0))
    claim = replace(claim, top=np.array([[3, 4]], np.int32), top_log_probabilities=np.array([[-0.5, -1]], np.float32))
    forced = Forced(np.array([0.25], np.float32), np.array([np.inf], np.float32))
    bundle = evidence_bundle(manifest, receipt, [claim], [forced])
    (answer,) = json.loads(bundle)["answers"]
    assert (answer["prompt"], answer["tokens"], answer["misfit"]) == ([1, 2], [3], ["0.25"])
    assert answer["topLogProbabilities"] == [["-0.5", "-1"]]
    assert json.loads(bundle)["receipt"].encode() == receipt.raw


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (1e-12, "0"),
        (float("inf"), "999999999"),
        (float("nan"), "999999999"),
        (10.0, "10"),
    ],
)
def test_numbers_as_documents_write_them(commons, value: float, text: str) -> None:
    assert decimal_text(value) == text
    commons.write("AuditVerdict", commons.other_node, value=decimal_text(value))


def test_a_blob_is_named_as_on_the_mesh() -> None:
    from substrate.record.pieces import SMALL_PIECE, check_index, piece_name

    data = bytes(range(256)) * (SMALL_PIECE // 256) + b"x"
    index = piece_name(data[:SMALL_PIECE]) + piece_name(b"x")
    assert check_index(blob_root(data), index) == 2
    assert job_blob(b"abc")["bytes"] == 3
