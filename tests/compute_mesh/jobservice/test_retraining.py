"""A training that is marked for audits leaves one segment, drawn by lot; an auditor of its class does that again."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from job_nodes import JobNode, prompt
from scripted_training import STEPS, ScriptedTraining
from test_auditing import Auditors, virtually
from test_handing import BEACON, Drawing

from compute_mesh.jobs.blobs import blob_root, job_blob
from compute_mesh.jobs.manifest import Manifest, read_manifest
from compute_mesh.jobservice.asked import Line, lines_blob
from compute_mesh.jobservice.evidence import Evidence
from compute_mesh.jobservice.judging import Judge
from compute_mesh.jobservice.retraining import Retrained, judge_training
from compute_mesh.jobservice.states import JobLine
from compute_mesh.jobservice.trail import BEGINNING, Segment, Trail, trail_root
from corpus.training.recipe import default_training_recipe

RECIPE = default_training_recipe().changed(checkpoint=8)
TOKENS = RECIPE.batch * RECIPE.length
LEARN = {"data": {"own": {"texts": 1}}, "recipe": RECIPE.content()}
DATA = lines_blob([Line("a" * 64, 1, "what the mill said")])


@pytest.fixture
def auditors(tmp_path: Any, make_commons: Any) -> Auditors:
    return Auditors(tmp_path, make_commons)


def learn(node: JobNode, label: str, **changed: Any) -> tuple[bytes, list[bytes]]:
    fields = {"job": "lora", "inference": None, "lora": LEARN, "inputs": [job_blob(DATA)], "assurance": "spot"}
    raw, _ = prompt(node, label, label, **{**fields, **changed})
    return raw, [DATA]


async def asked(drawing: Drawing, label: str, **changed: Any) -> JobLine:
    desk = drawing.submitter.desk
    found = await desk.submit(*learn(drawing.submitter, label, **changed))
    assert isinstance(found, JobLine), found
    async for heard in desk.follow(found.job):
        if isinstance(heard, JobLine):
            found = heard
    return found


async def every_segment(drawing: Drawing, jobs: int) -> list[Any]:
    """The verdicts of an auditor on so many jobs, in each of which another segment is drawn."""
    found = []
    for number in range(jobs):
        assert (await asked(drawing, f"learn {number}")).state == "done"
        await drawing.handing.look()
        found += await drawing.judged()
    return found


def test_honest_training_is_consistent_in_every_segment(auditors: Auditors) -> None:
    async def test() -> None:
        engines = [ScriptedTraining(here=()), ScriptedTraining(), ScriptedTraining(), ScriptedTraining()]
        async with auditors.running(*engines) as (submitter, *others):
            drawing = Drawing(auditors, submitter, others)
            drawing.beacon = BEACON
            verdicts = await every_segment(drawing, 12)
            assert {(v["verdict"], v["statistic"], v["job"]) for v in verdicts} == {("consistent", "segment", "lora")}
            assert len(verdicts) == 12
            assert {v["tokens"] for v in verdicts} == {8 * TOKENS, (STEPS - 16) * TOKENS}, "from 0, 8 and 16"
            assert {begun for one in engines for begun in one.resumed} == {0, 8, 16}
            assert submitter.lies == [one for node in others for one in node.lies] == []

    virtually(test)


@pytest.mark.parametrize("lie", ["seed", "texts", "skips", "made up", "not finite"])
def test_a_lie_is_found(auditors: Auditors, lie: str) -> None:
    async def test() -> None:
        async with auditors.running(
            ScriptedTraining(here=()), ScriptedTraining(lie), ScriptedTraining(), ScriptedTraining()
        ) as (submitter, liar, *honest):
            for node in honest:
                node.work.draining = True  # So the liar gets every job.
            drawing = Drawing(auditors, submitter, honest)
            drawing.beacon = BEACON
            verdicts = await every_segment(drawing, 8)
            assert {(v["verdict"], v["statistic"], v["worker"]) for v in verdicts} == {
                ("inconsistent", "segment", liar.signer.did)
            }
            assert auditors.fold(liar.signer.did).standing == "quarantined"

    virtually(test)


@pytest.mark.parametrize(("how", "statistic"), [({"lie": "no checkpoints"}, "segment"), ({"more": 5}, "count")])
def test_hiding_states_and_counting_more_are_found(auditors: Auditors, how: Any, statistic: str) -> None:
    async def test() -> None:
        async with auditors.running(ScriptedTraining(here=()), ScriptedTraining(**how), ScriptedTraining()) as (
            submitter, _, honest,
        ):  # fmt: skip
            honest.work.draining = True
            drawing = Drawing(auditors, submitter, [honest])
            drawing.beacon = BEACON
            [verdict] = await every_segment(drawing, 1)
            assert (verdict["verdict"], verdict["statistic"]) == ("inconsistent", statistic)

    virtually(test)


def test_a_receipt_that_commits_to_other_states_is_refused(auditors: Auditors) -> None:
    async def test() -> None:
        async with auditors.running(ScriptedTraining(here=()), ScriptedTraining("other states")) as (submitter, liar):
            drawing = Drawing(auditors, submitter, [])
            assert (await asked(drawing, "learn")).state == "failed"
            assert {who for who, _ in submitter.lies} == {liar.signer.did}
            assert drawing.handing.kept == {}

    virtually(test)


def test_another_class_takes_nothing_and_would_conclude_nothing(auditors: Auditors) -> None:
    async def test() -> None:
        async with auditors.running(
            ScriptedTraining(here=()), ScriptedTraining(), ScriptedTraining(processor="two")
        ) as (submitter, _, other):
            other.work.draining = True
            drawing = Drawing(auditors, submitter, [other])
            drawing.beacon = BEACON
            await asked(drawing, "learn")
            [kept] = drawing.handing.kept.values()
            assert await drawing.handing.look() == []
            manifest, receipt = kept.evidence.manifest, kept.evidence.receipt
            assert drawing.desks[0].takes(manifest, receipt) == "class"
            judged = await Judge(other.engine, other.signer).judge(kept.evidence, BEACON, other.now())
            assert judged is not None
            assert (judged.finding.word, judged.finding.statistic) == ("inconclusive", "segment")

    virtually(test)


def test_unmarked_and_private_trainings_leave_nothing(auditors: Auditors) -> None:
    async def test() -> None:
        async with auditors.running(ScriptedTraining(here=()), ScriptedTraining()) as (submitter, worker):
            drawing = Drawing(auditors, submitter, [])
            auditors.standing = submitter.nodes  # type: ignore[method-assign]
            submitter.desk.trusted = frozenset([worker.signer.did])
            for label, changed in (("a", {"assurance": "none"}), ("b", {"privacy": "trusted"})):
                assert (await asked(drawing, label, **changed)).state == "done"
            receipts = [one.body for one in submitter.store.papers() if one.kind == "JobReceipt"]
            assert [bool(one.get("evidence")) for one in sorted(receipts, key=lambda r: bool(r.get("evidence")))] == [
                False, True,
            ]  # fmt: skip
            assert drawing.handing.kept == {}

    virtually(test)


@pytest.mark.parametrize("damage", ["start", "states", "none"])
def test_a_submitter_cannot_show_other_states(auditors: Auditors, damage: str) -> None:
    async def test() -> None:
        async with auditors.running(ScriptedTraining(here=()), ScriptedTraining(), ScriptedTraining()) as (
            submitter, _, honest,
        ):  # fmt: skip
            honest.work.draining = True
            drawing = Drawing(auditors, submitter, [honest])
            drawing.beacon = BEACON
            await asked(drawing, "learn")
            [(digest, kept)] = drawing.handing.kept.items()
            segment = kept.evidence.segment
            assert segment is not None
            states = segment.states
            other = {
                "start": replace(segment, number=1, start=b"made up"),
                "states": replace(segment, states=(*states[:-1], blob_root(b"made up")), number=0, start=b""),
                "none": None,
            }[damage]
            drawing.handing.kept[digest] = replace(kept, evidence=replace(kept.evidence, segment=other))
            assert await drawing.handing.look() == []
            assert await drawing.judged() == []
            assert [who for who, _ in honest.lies] == [submitter.signer.did]

    virtually(test)


def test_every_segment_is_drawn_as_often() -> None:
    drawn = [0] * 4
    for seed in range(2000):
        trail = Trail(chance=Random(seed))
        states = [f"state {number}".encode() for number in range(3)]
        for state in states:
            trail.add(state)
        roots = [BEGINNING, *map(blob_root, states)]
        segment = trail.segment(trail_root(roots))
        assert segment is not None
        assert segment.states[segment.number] == (blob_root(segment.start) if segment.start else BEGINNING)
        drawn[segment.number] += 1
    assert min(drawn) > 400, drawn


def test_who_starts_over_says_so() -> None:
    trail = Trail(b"of another class", Random(1))
    assert trail.segment(trail_root([BEGINNING])) == Segment((BEGINNING,), 0, b"")
    assert trail.segment(trail_root([blob_root(b"of another class")])) == Segment(
        (blob_root(b"of another class"),), 0, b"of another class"
    )
    assert trail.segment(trail_root([blob_root(b"of its own")])) is None
    assert trail.segment(None) is None


def test_where_others_began_does_not_count_against_who_went_on(commons: Any) -> None:
    """A worker that was given a strange checkpoint makes as many steps as are left; nobody knows how many those are."""

    def finding(segment: Segment, again: Retrained) -> Any:
        lora = {"job": "lora", "inference": None, "lora": LEARN, "inputs": [job_blob(DATA)], "assurance": "spot"}
        manifest = read_manifest(commons.write("JobManifest", commons.other_node, "x", **lora).raw)
        assert isinstance(manifest, Manifest)
        tokens = {"read": 0, "written": 0, "trained": (STEPS - 5) * TOKENS}
        receipt = commons.write("JobReceipt", commons.node, "y", job="lora", tokens=tokens)
        return judge_training(Evidence(manifest, receipt, [DATA], {"term": b"term"}, segment), again)

    first, second = blob_root(b"a state at 5"), blob_root(b"a state at 8")
    later = finding(Segment((first, second), 1, b"a state at 8"), Retrained(blob_root(b"term"), True, 8, STEPS, STEPS))
    assert later.word == "consistent"
    begun = Segment((first, second), 0, b"a state at 5")
    assert finding(begun, Retrained(second, False, 5, 8, STEPS)).word == "consistent"
    assert finding(begun, Retrained(second, False, 6, 8, STEPS)).statistic == "count"
