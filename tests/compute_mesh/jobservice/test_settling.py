"""Days that are over are settled once, by both sides, with the same content; the day that goes on is not."""

import asyncio

from job_nodes import FakeEngine, JobMesh, prompt

from compute_mesh.jobservice.settling import settled_in, settlements_due
from compute_mesh.jobservice.states import JobLine
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.network import Network
from substrate.record.settlements import content_key

TODAY, TOMORROW = "2026-11-22T23:59:00Z", "2026-11-23T00:10:00Z"


def test_both_sides_settle_a_day_alike_and_once(tmp_path, commons) -> None:
    async def test() -> None:
        mesh = JobMesh(tmp_path, commons, Network(7))
        async with mesh.running(None, FakeEngine(0.1)) as (here, there):
            for number in range(3):
                raw, inputs = prompt(here, "one two", f"job {number}")
                line = await here.desk.submit(raw, inputs)
                assert isinstance(line, JobLine)
                async for _ in here.desk.follow(line.job):
                    pass
            raw, inputs = prompt(here, "cancelled", "cancelled")
            line = await here.desk.submit(raw, inputs)
            assert isinstance(line, JobLine)
            await here.desk.cancel(line.job)
            await asyncio.sleep(5)
            assert settlements_due(here.store.papers(), set(), here.signer, commons.id, TODAY) == []
            said = [
                settlements_due(node.store.papers(), set(), node.signer, commons.id, TOMORROW) for node in (here, there)
            ]
            assert [len(one) for one in said] == [1, 1]
            [mine], [theirs] = said
            assert content_key(mine.body) == content_key(theirs.body)
            assert {mine.body["side"], theirs.body["side"]} == {"worker", "submitter"}
            assert mine.body["totals"][0]["written"] == 6
            before = settled_in([mine, theirs], here.signer.did)
            assert settlements_due(here.store.papers(), before, here.signer, commons.id, TOMORROW) == []

    run_virtually(test())
