"""Settlements: only what both sides say alike counts, in whatever order it comes."""

from itertools import permutations
from typing import Any

import pytest

from substrate.record.authority import is_authorised
from substrate.record.documents import Document
from substrate.record.errors import MalformedDocument
from substrate.record.settlements import content_key, paired


def said(commons: Any, side: str, label: str = "", **changed: Any) -> Document:
    """A settlement by whoever has that side."""
    signer = commons.node if side == "worker" else commons.other_node
    return commons.write("Settlement", signer, f"{side} {label}", side=side, **changed)


def test_both_sides_make_a_day_and_one_side_makes_none(commons) -> None:
    roles = commons.roles()
    worker, submitter = said(commons, "worker"), said(commons, "submitter")
    assert content_key(worker.body) == content_key(submitter.body)
    for alone in (worker, submitter):
        assert paired([alone], roles).days == ()
        assert paired([alone, alone], roles).unpaired == (alone.digest,)
    (day,) = paired([worker, submitter], roles).days
    assert (day.worker, day.submitter, day.day) == (commons.node.did, commons.other_node.did, "2026-11-22")
    assert day.totals == tuple(worker.body["totals"])


def test_sides_that_differ_in_one_number_do_not_pair(commons) -> None:
    total = {**commons.fields("Settlement")["totals"][0], "written": 35}
    other = said(commons, "submitter", totals=[total])
    found = paired([said(commons, "worker"), other], commons.roles())
    assert found.days == ()
    assert len(found.unpaired) == 2


def test_a_day_that_both_settled_twice_does_not_count(commons, digest_of) -> None:
    """Otherwise two parties could agree as often as they like on one day."""
    again = {"root": digest_of("other receipts")}
    documents = [said(commons, side, label, **changed) for label, changed in (("", {}), ("2", again))
                 for side in ("worker", "submitter")]  # fmt: skip
    found = paired(documents, commons.roles())
    assert found.days == ()
    assert set(found.rival) == {d.digest for d in documents}
    assert paired(documents[:3], commons.roles()).days, "a second word of one side alone does no harm"


def test_order_and_duplication_change_nothing(commons, digest_of) -> None:
    documents = [said(commons, "worker"), said(commons, "submitter"), said(commons, "worker", "x", day="2026-11-23"),
                 commons.write("Settlement", commons.stranger, "stranger")]  # fmt: skip
    first = paired(documents, commons.roles())
    assert (len(first.days), len(first.unpaired), len(first.unauthorised)) == (1, 1, 1)
    assert all(paired([*order, order[0]], commons.roles()) == first for order in permutations(documents))


@pytest.mark.parametrize("key", ["stranger", "contributor", "other_node"])
def test_a_side_stated_by_another_key_changes_nothing(commons, key: str) -> None:
    """Invariant 13: the worker's side is the worker's to state."""
    forged = commons.write("Settlement", getattr(commons, key), "forged", side="worker")
    found = paired([said(commons, "submitter"), forged], commons.roles())
    assert found.days == ()
    assert found.unauthorised == (forged.digest,)


def test_a_member_may_be_a_submitter_and_never_a_worker(make_commons) -> None:
    commons = make_commons()
    member = commons.contributor
    admitted = make_commons(members=[member.did])
    parties = {"submitter": member.did}
    as_submitter = admitted.write("Settlement", member, "m", side="submitter", **parties)
    as_worker = admitted.write("Settlement", member, "w", worker=member.did)
    assert is_authorised(as_submitter, admitted.roles())
    assert not is_authorised(as_worker, admitted.roles())
    stranger = commons.write("Settlement", member, "m", side="submitter", **parties)
    assert not is_authorised(stranger, commons.roles())


WRONG = [
    ("Settlement", {"receipts": 2}, "receipts"),
    ("Settlement", {"day": "2026-02-30"}, "day"),
    ("Settlement", {"day": "20261122"}, "day"),
    ("JobReceipt", {"outcome": "failed"}, "reason"),
    ("JobReceipt", {"outputs": []}, "outputs"),
    ("JobReceipt", {"ended": "2026-11-22T09:00:00Z"}, "ended"),
    ("JobAcceptance", {"answer": "disputed"}, "reason"),
    ("JobManifest", {"job": "embeddings"}, "embeddings is missing"),
    ("JobManifest", {"embeddings": {"texts": 3}}, "another type"),
    ("JobManifest", {"inputs": []}, "inputs"),
    ("JobManifest", {"job": "evaluation", "inference": None, "inputs": [],
                     "evaluation": {"texts": 1, "data": {"cohort": {"version": "a" * 64, "cohort": 0}}}}, "adapter"),
    ("JobManifest", {"job": "lora", "inference": None, "inputs": [], "lora": {
        "recipe": {}, "data": {"selection": {"purpose": "train", "recipe": "a" * 64}}}}, "clip"),
    ("JobManifest", {"job": "lora", "inference": None, "inputs": [], "lora": {
        "recipe": {}, "clip": 1, "data": {"selection": {"purpose": "evaluate", "recipe": "a" * 64}}}}, "purpose"),
    ("JobManifest", {"job": "lora", "inference": None, "lora": {"recipe": {}, "data": {}}}, "exactly one"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "changed", "named"), WRONG)
def test_what_no_document_about_jobs_may_say(commons, kind: str, changed: dict, named: str) -> None:
    with pytest.raises(MalformedDocument, match=named):
        commons.write(kind, commons.signer_of(kind), **changed)


def test_nobody_settles_with_itself_and_nobody_audits_itself(commons) -> None:
    with pytest.raises(MalformedDocument, match="itself"):
        commons.write("Settlement", commons.node, submitter=commons.node.did)
    own = commons.write("AuditVerdict", commons.node)
    assert not is_authorised(own, commons.roles())
    assert is_authorised(commons.one_of_each()["AuditVerdict"], commons.roles())


def test_a_ruling_needs_the_panel(make_commons) -> None:
    commons = make_commons(panel=2)
    ruling = commons.write("AuditRuling", commons.moderators[0])
    assert not is_authorised(ruling, commons.roles(ruling))
    second = commons.write("Approval", commons.moderators[1], act=ruling.digest)
    assert is_authorised(ruling, commons.roles(ruling, second))
