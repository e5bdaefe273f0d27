"""A job from its submission on one node, through another that has the model, to both sides' word on it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from job_nodes import HERE, FakeEngine, JobMesh, JobNode, prompt

from compute_mesh.jobs.rules import Refused
from compute_mesh.jobservice.events import Piece
from compute_mesh.jobservice.states import JobLine
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.network import Network
from corpus.training.recipe import default_training_recipe
from substrate.store.errors import NotFound

Test = Callable[[JobMesh], Awaitable[None]]


def virtually(folder: Path, commons: Any, test: Test) -> None:
    run_virtually(test(JobMesh(folder, commons, Network(7))))


def over_iroh(folder: Path, commons: Any, test: Test) -> None:
    asyncio.run(asyncio.wait_for(test(JobMesh(folder, commons, None)), 60))


async def submitted(node: JobNode, text: str, label: str = "", **how: Any) -> JobLine:
    raw, inputs = prompt(node, text, label)
    line = await node.desk.submit(raw, inputs, **how)
    assert isinstance(line, JobLine), line
    return line


async def ended(node: JobNode, job: str) -> JobLine:
    last = None
    async for heard in node.desk.follow(job):
        if isinstance(heard, JobLine):
            last = heard
    assert last is not None
    assert last.over
    return last


@pytest.mark.parametrize("run", [virtually, over_iroh])
def test_a_node_without_the_model_has_a_peer_write(tmp_path, commons, run) -> None:
    async def test(mesh: JobMesh) -> None:
        async with mesh.running(None, FakeEngine(0.01)) as (here, there):
            line = await submitted(here, "once upon a time", interactive=True)
            heard = [one async for one in here.desk.follow(line.job)]
            assert "".join(one.text for one in heard if isinstance(one, Piece)) == "once upon a time "
            end = heard[-1]
            assert isinstance(end, JobLine)
            assert (end.state, end.node, end.reason) == ("done", there.signer.did, "")
            assert await here.desk.outputs(line.job) == {"answers": b'{"answers": ["once upon a time"]}'}
            kinds = {one.kind for one in here.store.papers(line.job)}
            assert kinds == {"JobManifest", "JobReceipt", "JobAcceptance"}
            for _ in range(200):  # The acceptance is on its way.
                if len({one.digest for one in there.store.papers(line.job)}) == 3:
                    break
                await asyncio.sleep(0.05)
            assert {one.digest for one in there.store.papers(line.job)} == {
                one.digest for one in here.store.papers(line.job)
            }
            assert {one.kind for one in there.law.logged} == {"JobReceipt", "JobAcceptance"}
            assert here.lies == there.lies == []

    run(tmp_path, commons, test)


def test_a_node_with_the_model_writes_itself(tmp_path, commons) -> None:
    async def test(mesh: JobMesh) -> None:
        async with mesh.running(FakeEngine(0.01), FakeEngine(0.01)) as (here, _):
            line = await submitted(here, "at home")
            assert (await ended(here, line.job)).node == here.signer.did

    virtually(tmp_path, commons, test)


def test_the_same_key_again_is_the_same_job(tmp_path, commons) -> None:
    async def test(mesh: JobMesh) -> None:
        async with mesh.running(None, FakeEngine()) as (here, there):
            first = await submitted(here, "twice")
            again = await submitted(here, "twice")
            assert again.job == first.job
            await ended(here, first.job)
            assert (await submitted(here, "twice")).state == "done"
            assert there.engine.begun == [first.job]
            raw, inputs = prompt(here, "another", "")
            other = await here.desk.submit(raw, inputs)
            assert isinstance(other, Refused)
            assert other.rule == "replay"

    virtually(tmp_path, commons, test)


def test_who_waits_is_told_why_and_where(tmp_path, commons) -> None:
    async def test(mesh: JobMesh) -> None:
        async with mesh.running(None, FakeEngine(1.0)) as (here, there):
            lines = [await submitted(here, "three words here", f"{n}") for n in range(3)]
            await asyncio.sleep(2.5)
            told = {one.job: (one.state, one.reason, one.position) for one in await here.desk.lines()}
            assert [told[one.job] for one in lines] == [
                ("running", "", 0),
                ("queued", "busy", 1),
                ("queued", "busy", 2),
            ]
            assert {(await ended(here, one.job)).state for one in lines} == {"done"}
            there.work.draining = True
            last = await submitted(here, "late", "late")
            await asyncio.sleep(3)
            assert (await here.desk.line(last.job)).reason == "drained"
            there.work.draining = False
            assert (await ended(here, last.job)).state == "done"

    virtually(tmp_path, commons, test)


def test_another_node_takes_over_when_one_goes(tmp_path, commons) -> None:
    async def test(mesh: JobMesh) -> None:
        async with mesh.running(None, FakeEngine(1.0), FakeEngine(1.0)) as (here, *others):
            line = await submitted(here, "a b c d e f")
            await asyncio.sleep(3)
            first = (await here.desk.line(line.job)).node
            gone = next(one for one in others if one.signer.did == first)
            assert mesh.network is not None
            assert gone.transport is not None
            mesh.network.kill(gone.transport.id)
            await gone.close()
            end = await ended(here, line.job)
            assert (end.state, end.attempts) == ("done", 2)
            assert end.node != first
            assert gone.engine.closed == gone.engine.begun

    virtually(tmp_path, commons, test)


def test_a_job_for_trusted_nodes_waits_for_the_one_that_went(tmp_path, commons) -> None:
    """Nobody else may run it: it waits, also over a start here, after which that node is trusted as before."""

    async def test(mesh: JobMesh) -> None:
        async with mesh.running(None, FakeEngine(1.0)) as (here, there):
            here.trusts = frozenset({there.signer.did})
            await here.close()
            await here.open()
            raw, inputs = prompt(here, "a b c d", privacy="trusted")
            line = await here.desk.submit(raw, inputs)
            assert isinstance(line, JobLine)
            await asyncio.sleep(2.5)
            assert mesh.network is not None
            assert there.transport is not None
            mesh.network.kill(there.transport.id)
            await there.close()
            await asyncio.sleep(40)
            assert (await here.desk.line(line.job)).state == "queued"
            await here.close()
            await here.open()
            await asyncio.sleep(5)
            assert (await here.desk.line(line.job)).state == "queued"
            there.name += "'"
            await there.open()
            assert (await ended(here, line.job)).state == "done"

    virtually(tmp_path, commons, test)


def test_training_goes_on_within_its_engine_class_alone(tmp_path, commons) -> None:
    async def test(mesh: JobMesh) -> None:
        same, other = replace(HERE, engine="1" * 64), replace(HERE, engine="2" * 64)
        engines = [FakeEngine(1.0, here=(one,)) for one in (same, other, same)]
        async with mesh.running(None, *engines) as (here, *others):
            parameters = {"data": {"own": {"texts": 1}}, "recipe": default_training_recipe().content()}
            raw, inputs = prompt(here, "learn", job="lora", inference=None, lora=parameters)
            line = await here.desk.submit(raw, inputs)
            assert isinstance(line, JobLine)
            await asyncio.sleep(4.5)
            node = (await here.desk.line(line.job)).node
            first = next(one for one in others if one.signer.did == node)
            assert mesh.network is not None
            assert first.transport is not None
            mesh.network.kill(first.transport.id)
            await first.close()
            kept = here.store.part(line.job, "checkpoint")
            assert kept is not None
            end = await ended(here, line.job)
            second = next(one for one in others if one.signer.did == end.node)
            like = [one for one in others if one is not first and one.engine.engine == first.engine.engine]
            # Where another of the class lives, it goes on there; else it starts over elsewhere.
            assert second in (like or others)
            assert second.engine.resumed == ([int(kept[64:])] if like else [0])
            assert int(kept[64:]) >= 3

    virtually(tmp_path, commons, test)


def test_cancelling_ends_it_here_and_there(tmp_path, commons) -> None:
    async def test(mesh: JobMesh) -> None:
        async with mesh.running(None, FakeEngine(1.0)) as (here, there):
            line = await submitted(here, "a b c d e f g h")
            waiting = await submitted(here, "b", "waits")
            await asyncio.sleep(2.5)
            assert (await here.desk.cancel(line.job)).state == "cancelled"
            assert (await here.desk.cancel(waiting.job)).state == "cancelled"
            await asyncio.sleep(3)
            assert there.engine.closed == [line.job]
            [receipt] = [one for one in there.store.papers(line.job) if one.kind == "JobReceipt"]
            assert receipt.body["outcome"] == "cancelled"
            assert (await here.desk.cancel(line.job)).state == "cancelled"
            assert there.work.busy == 0
            with pytest.raises(NotFound):
                await here.desk.cancel("0" * 64)

    virtually(tmp_path, commons, test)


def test_a_job_that_fails_everywhere_has_failed_by_name(tmp_path, commons) -> None:
    async def test(mesh: JobMesh) -> None:
        async with mesh.running(None, FakeEngine(fail="forbidden"), FakeEngine(fail="forbidden")) as (here, *others):
            line = await submitted(here, "no")
            end = await ended(here, line.job)
            assert (end.state, end.reason, end.attempts) == ("failed", "forbidden", 2)
            assert all(one.engine.begun == [line.job] for one in others)

    virtually(tmp_path, commons, test)


def test_what_a_node_refuses_by_a_rule_is_refused_by_that_name(tmp_path, commons) -> None:
    async def test(mesh: JobMesh) -> None:
        async with mesh.running(None, FakeEngine(), kinds=frozenset({"embeddings"})) as (here, there):
            line = await submitted(here, "no")
            end = await ended(here, line.job)
            assert (end.state, end.reason) == ("refused", "type-declined")
            assert there.engine.begun == []

    virtually(tmp_path, commons, test)


def test_a_start_takes_up_what_the_last_one_left(tmp_path, commons) -> None:
    async def test(mesh: JobMesh) -> None:
        async with mesh.running(None, FakeEngine(1.0)) as (here, _):
            kept = await submitted(here, "a b c d", "kept")
            lost = await submitted(here, "a b c d", "lost", interactive=True)
            await asyncio.sleep(2.5)
            await here.close()
            await here.open()
            assert (await here.desk.line(lost.job)).reason == "node-stopped"
            end = await ended(here, kept.job)
            assert (end.state, end.attempts >= 1) == ("done", True)

    virtually(tmp_path, commons, test)


def test_inputs_lie_nowhere_in_the_clear_and_go_with_the_job(tmp_path, commons) -> None:
    async def test(mesh: JobMesh) -> None:
        async with mesh.running(None, FakeEngine(0.1)) as (here, _):
            line = await submitted(here, "secretword secretword")
            await ended(here, line.job)
            assert here.store.parts(line.job, "input-") == {}
            assert here.store.forget(line.job)
            with pytest.raises(NotFound):
                await here.desk.outputs(line.job)
            await asyncio.sleep(1)
        for path in tmp_path.rglob("*"):
            assert path.is_dir() or b"secretword" not in path.read_bytes()

    virtually(tmp_path, commons, test)
