"""A job marked for audits goes to whom a later document draws; any other, and one for few eyes, goes to nobody."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from job_nodes import HERE as MODEL_HERE
from job_nodes import JobNode, prompt
from scripted_engine import ScriptedEngine
from test_auditing import Auditors, virtually

from compute_mesh.audit.policy import Candidate
from compute_mesh.jobservice.auditing import AuditDesk
from compute_mesh.jobservice.handing import Drawn, Handing
from compute_mesh.jobservice.states import JobLine
from compute_mesh.jobservice.taking import Taking

#: Some document's digest.
BEACON = "7" * 64
HERE = (MODEL_HERE,)
SAMPLED = {"form": "text", "prompts": 1, "tokens": 300, "seed": 3, "temperature": 700, "topK": 40, "topP": 950}


@pytest.fixture
def auditors(tmp_path: Any, make_commons: Any) -> Auditors:
    return Auditors(tmp_path, make_commons)


class Drawing:
    """A submitter that hands over, and the others, all of whom audit; ``beacon`` is in every ledger once it is set."""

    def __init__(self, auditors: Auditors, submitter: JobNode, others: list[JobNode]) -> None:
        self.auditors, self.submitter, self.beacon = auditors, submitter, ""
        self.owners: dict[str, str] = {}
        self.desks = [self.desk(node) for node in others]
        self.handing = Handing(
            submitter.signer, submitter.peers, auditors.standing, self.first, self.candidate, lambda _: 0
        )  # fmt: skip
        submitter.desk.remember = self.handing.remember

    def desk(self, node: JobNode) -> AuditDesk:
        desk = self.auditors.desk(node, daily=10**6)
        node.service.taking = Taking(desk, self.holds)
        return desk

    def candidate(self, node: str) -> Candidate:
        return Candidate(node, self.owners.get(node, node))

    async def first(self, after: str, parties: tuple[str, str]) -> Drawn | None:
        return Drawn(self.beacon, "did:key:nobody here") if self.beacon else None

    async def holds(self, beacon: str, after: str, parties: tuple[str, str]) -> bool:
        return beacon == BEACON

    async def ask(self, label: str, **changed: Any) -> JobLine:
        raw, inputs = prompt(self.submitter, label, label, **{"inference": SAMPLED, **changed})
        found = await self.submitter.desk.submit(raw, inputs)
        assert isinstance(found, JobLine), found
        async for heard in self.submitter.desk.follow(found.job):
            if isinstance(heard, JobLine):
                found = heard
        assert found.state == "done", found
        return found

    async def judged(self) -> list[Any]:
        return [verdict.body for desk in self.desks for verdict in await desk._handed()]


def test_a_marked_job_is_read_by_whom_a_later_document_draws(auditors: Auditors) -> None:
    async def test() -> None:
        engines = [ScriptedEngine(here=()), *(ScriptedEngine() for _ in range(3))]
        async with auditors.running(*engines) as (submitter, *others):
            drawing = Drawing(auditors, submitter, others)
            line = await drawing.ask("what the mill said", assurance="spot")
            assert await drawing.handing.look() == [], "nothing has drawn yet"
            drawing.beacon = BEACON
            [auditor] = await drawing.handing.look()
            assert auditor not in (line.node, submitter.signer.did)
            assert drawing.handing.kept == {}
            [verdict] = await drawing.judged()
            assert (verdict["manifest"], verdict["worker"], verdict["beacon"]) == (line.job, line.node, BEACON)
            assert (verdict["assurance"], verdict["verdict"]) == ("spot", "consistent")
            assert await drawing.judged() == []
            assert submitter.lies == [one for node in others for one in node.lies] == []

    virtually(test)


def test_a_liar_is_found_in_others_jobs(auditors: Auditors) -> None:
    async def test() -> None:
        engines = [ScriptedEngine(here=()), ScriptedEngine("a cheap one"), ScriptedEngine(), ScriptedEngine()]
        async with auditors.running(*engines) as (submitter, liar, *honest):
            for node in honest:
                node.work.draining = True  # So the liar gets every job.
            drawing = Drawing(auditors, submitter, honest)
            drawing.beacon = BEACON
            for number in range(8):
                await drawing.ask(f"story {number}", assurance="spot")
                await drawing.handing.look()
            verdicts = await drawing.judged()
            assert {one["verdict"] for one in verdicts} == {"inconsistent"}
            assert auditors.fold(liar.signer.did).standing == "quarantined"

    virtually(test)


def test_what_is_not_marked_or_for_few_eyes_goes_to_nobody(auditors: Auditors) -> None:
    async def test() -> None:
        engines = [ScriptedEngine(here=()), *(ScriptedEngine() for _ in range(2))]
        async with auditors.running(*engines) as (submitter, *others):
            drawing = Drawing(auditors, submitter, others)
            auditors.standing = submitter.nodes  # type: ignore[method-assign]
            for label, changed in (("a", {"assurance": "none"}), ("b", {"assurance": "spot", "privacy": "trusted"})):
                raw, inputs = prompt(submitter, label, label, inference=SAMPLED, **changed)
                submitter.desk.trusted = frozenset(one.signer.did for one in others)
                found = await submitter.desk.submit(raw, inputs)
                assert isinstance(found, JobLine)
                await asyncio.sleep(3)
                assert (await submitter.desk.line(found.job)).state == "done"
            assert drawing.handing.kept == {}

    virtually(test)


@pytest.mark.parametrize("why", ["related", "beacon", "no-audits", "spent"])
def test_an_auditor_that_may_not_read_it_gets_nothing(auditors: Auditors, why: str) -> None:
    async def test() -> None:
        async with auditors.running(*(ScriptedEngine(here=one) for one in ((), HERE, HERE))) as (submitter, *others):
            drawing = Drawing(auditors, submitter, others)
            line = await drawing.ask("what the mill said", assurance="spot")
            [auditor] = [one for one in others if one.signer.did != line.node]
            drawing.beacon = BEACON
            if why == "related":
                auditors.related.add(line.node)
            elif why == "beacon":
                drawing.beacon = "8" * 64
            elif why == "no-audits":
                auditor.service.taking = None
            else:
                for desk in drawing.desks:
                    desk.spending = replace(desk.spending, daily=0)
            assert await drawing.handing.look() == []
            assert len(drawing.handing.kept) == 1, "another may take it later"
            assert await drawing.judged() == []
            assert auditor.lies == []

    virtually(test)


def test_nobody_of_the_owner_of_a_party_is_asked(auditors: Auditors) -> None:
    async def test() -> None:
        async with auditors.running(*(ScriptedEngine(here=one) for one in ((), HERE, HERE))) as (submitter, *others):
            drawing = Drawing(auditors, submitter, others)
            await drawing.ask("what the mill said", assurance="spot")
            drawing.owners = {node.signer.did: "one person" for node in others}
            drawing.beacon = BEACON
            assert await drawing.handing.look() == []

    virtually(test)


def test_papers_that_do_not_fit_and_bytes_that_are_others_are_a_lie(auditors: Auditors) -> None:
    async def test() -> None:
        async with auditors.running(*(ScriptedEngine(here=one) for one in ((), HERE, HERE))) as (submitter, *others):
            drawing = Drawing(auditors, submitter, others)
            line = await drawing.ask("what the mill said", assurance="spot")
            [auditor] = [one for one in others if one.signer.did != line.node]
            drawing.beacon = BEACON
            [(digest, kept)] = drawing.handing.kept.items()
            outputs = {**kept.evidence.outputs}
            name = next(iter(outputs))
            outputs[name] = json.dumps({"answers": []}).encode().ljust(len(outputs[name]))
            drawing.handing.kept[digest] = replace(kept, evidence=replace(kept.evidence, outputs=outputs))
            assert await drawing.handing.look() == []
            await asyncio.sleep(1)
            assert [who for who, _ in auditor.lies] == [submitter.signer.did]
            assert await drawing.judged() == []

    virtually(test)
