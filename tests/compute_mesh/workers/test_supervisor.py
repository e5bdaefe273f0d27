"""Workers kept warm for one requester: emptied, renewed, never shared, and gone at the end."""

import asyncio
import dataclasses
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from scripted import add, boxes_left, groups_left, place, request, run

from compute_mesh.sandbox.groups import make_group, remove_leftovers
from compute_mesh.workers.failures import JobFailed, Why
from compute_mesh.workers.messages import Job
from compute_mesh.workers.supervisor import Keeping, Request, Supervisor


@asynccontextmanager
async def supervisor(**keeping: Any) -> AsyncIterator[Supervisor]:
    found = Supervisor(Keeping(**keeping))
    try:
        yield found
    finally:
        await found.close()
    assert boxes_left() == []
    assert groups_left() == []


async def value(found: Supervisor, asked: Request) -> dict[str, Any]:
    async with found.run(asked) as going:
        return (await going.result())[0].value


async def why(found: Supervisor, asked: Request) -> Why | None:
    try:
        await value(found, asked)
    except JobFailed as error:
        return error.why
    return None


def test_a_worker_is_kept_for_its_requester_and_emptied_between_jobs() -> None:
    async def work() -> None:
        async with supervisor() as found:
            first = await value(found, add("mine"))
            (process,) = found.processes
            second = await value(found, add("again"))
            assert list(found.processes) == [process]
            assert (first["kept"], second["kept"]) == (["mine"], ["again"])

    run(work())


def test_whoever_comes_while_it_is_emptied_waits_for_it() -> None:
    """Another process would cost the seconds in which its model is loaded, and the memory."""

    async def work() -> None:
        async with supervisor(workers=3) as found:
            running = found.run(add("mine"))
            await (await running.__aenter__()).result()
            (process,) = found.processes
            leaving = asyncio.create_task(running.__aexit__(None, None, None))
            while found._kept[0].active:
                await asyncio.sleep(0)
            assert (await value(found, add("again")))["kept"] == ["again"]
            await leaving
            assert list(found.processes) == [process]

    run(work())


def test_another_requester_or_place_never_gets_it() -> None:
    """Not even when there is room for no second process: then the first ends before."""

    async def work() -> None:
        owners: dict[int, set[tuple[str, str]]] = {}
        async with supervisor(workers=1) as found:
            for requester, model in [
                ("one", "a"),
                ("two", "a"),
                ("one", "a"),
                ("one", "b"),
                ("two", "b"),
                ("two", "b"),
            ]:
                answer = await value(found, add(requester, requester, place=place(model)))
                assert answer["kept"] == [requester]
                for process, key in found.processes.items():
                    owners.setdefault(process, set()).add(key)
                assert len(found.processes) == 1
        assert all(len(keys) == 1 for keys in owners.values())
        assert len(owners) == 5

    run(work())


def test_many_at_once_share_nothing_between_requesters() -> None:
    async def work() -> None:
        async with supervisor(workers=2) as found:
            asked = [add(f"{who} {n}", who, place=place(slots=4)) for n in range(6) for who in ("one", "two", "three")]
            random.Random(3).shuffle(asked)
            answers = await asyncio.gather(*(value(found, one) for one in asked))
            for one, answer in zip(asked, answers, strict=True):
                assert {word.split()[0] for word in answer["kept"]} == {one.requester}

    run(work())


def test_a_worker_is_renewed_after_some_jobs() -> None:
    async def work() -> None:
        async with supervisor(jobs=2) as found:
            seen = set[int]()
            for _ in range(5):
                await value(found, add())
                seen |= set(found.processes)
            # A renewed worker has ended before anybody looks: of each pair the first alone is seen.
            assert len(seen) == 3

    run(work())


def test_a_worker_that_has_lived_long_enough_is_renewed() -> None:
    async def work() -> None:
        old = place()
        old = dataclasses.replace(old, box=dataclasses.replace(old.box, wall_seconds=0.0))
        async with supervisor() as found:
            for _ in range(2):
                assert (await value(found, add(place=old)))["sum"] == 3
                assert found.processes == {}

    run(work())


def test_control_groups_that_a_dead_node_left_are_removed() -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    group = make_group(1 << 27, 10, 1)
    if group is None:
        pytest.skip("no control group can be made here")
    group.remove()
    left = [folder.with_name(f"lecs-box-{gone.pid}-1") for folder in group.folders]
    for folder in left:
        folder.mkdir()
    assert remove_leftovers() >= len(left)
    assert not any(folder.exists() for folder in left)


def test_a_worker_that_nobody_uses_ends() -> None:
    async def work() -> None:
        async with supervisor(idle=0.05) as found:
            assert (await value(found, add()))["sum"] == 3
            while found.processes or boxes_left():  # `run` gives it a minute.
                await asyncio.sleep(0.02)
            assert (await value(found, add()))["sum"] == 3

    run(work())


def test_sensitive_jobs_have_a_process_of_their_own() -> None:
    async def work() -> None:
        async with supervisor() as found:
            await value(found, add("warm"))
            (warm,) = found.processes
            assert (await value(found, add("secret", fresh=True)))["kept"] == ["secret"]
            assert list(found.processes) == [warm]

    run(work())


def test_a_job_that_is_left_is_cancelled_and_the_worker_kept() -> None:
    async def work() -> None:
        async with supervisor() as found:
            async with found.run(request("sleep", lasts=60)) as going:
                pass
            assert going.over
            (process,) = found.processes
            task = asyncio.create_task(value(found, request("sleep", lasts=60)))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await value(found, add()))["sum"] == 3
            assert list(found.processes) == [process]

    run(work())


def test_a_worker_that_failed_is_replaced() -> None:
    async def work() -> None:
        async with supervisor() as found:
            for kind, expected in [("exit", Why.ENDED), ("forbidden", Why.FORBIDDEN), ("other", Why.REFUSED)]:
                assert await why(found, request(kind)) == expected
                assert (await value(found, add()))["sum"] == 3
            (process,) = found.processes
            os.kill(process, signal.SIGKILL)
            while found.processes:
                await asyncio.sleep(0.01)
            assert (await value(found, add()))["sum"] == 3

    run(work())


def test_a_place_that_cannot_be_loaded_blocks_nobody() -> None:
    async def work() -> None:
        async with supervisor(workers=1) as found:
            bad = place("bad", bad=True)
            assert await why(found, add(place=bad)) == Why.REFUSED
            assert (await value(found, add()))["sum"] == 3
            assert await found.engine(place(), "one") == {}

    run(work())


def test_closing_ends_what_goes_on_and_what_waits() -> None:
    async def work() -> None:
        found = Supervisor(Keeping(workers=1))
        going = [asyncio.create_task(why(found, request("sleep", lasts=60))) for _ in range(3)]
        await asyncio.sleep(0.3)
        await found.close()
        assert await asyncio.gather(*going) == [Why.STOPPING] * 3
        assert await why(found, add()) == Why.STOPPING
        assert boxes_left() == []

    run(work())


async def storm(jobs: int, seed: int) -> Counter[str]:
    """Short jobs of four requesters while workers are killed at random: how each of them ended."""
    dice = random.Random(seed)
    ended: Counter[str] = Counter()
    left = set[int]()

    async def one(number: int) -> None:
        times = 0
        given = {"a": 1, "b": 2, "word": "w", "lasts": dice.uniform(0, 0.05)}
        asked = add(requester=f"requester {number % 4}", place=place(slots=2), job=Job("add", given))
        try:
            async with found.run(asked) as going:
                async for event in going:
                    times += getattr(event, "value", None) is not None
            ended["result"] += 1
            assert times == 1
        except JobFailed as error:
            assert times == 0
            ended[str(error.why)] += 1

    async def kill() -> None:
        while True:
            await asyncio.sleep(dice.uniform(0.02, 0.12))
            if processes := list(found.processes):
                chosen = dice.choice(processes)
                left.add(chosen)
                # bubblewrap, or the first process within: both ways of dying.
                children = Path(f"/proc/{chosen}/task/{chosen}/children").read_text().split()
                os.kill(int(children[0]) if children and dice.random() < 0.5 else chosen, signal.SIGKILL)

    async with supervisor(workers=3, jobs=20) as found:
        killing = asyncio.create_task(kill())
        waves = [range(start, min(start + 25, jobs)) for start in range(0, jobs, 25)]
        for wave in waves:
            await asyncio.gather(*(one(number) for number in wave))
        killing.cancel()
    assert sum(ended.values()) == jobs
    assert left, "somebody was killed"
    return ended


def test_each_of_many_jobs_ends_once_though_workers_are_killed() -> None:
    ended = run(storm(40, 1))
    assert set(ended) <= {"result", "ended"}
    assert ended["result"]


@pytest.mark.long
def test_each_of_five_hundred_jobs_ends_once_though_workers_are_killed() -> None:
    ended = run(storm(500, 2))
    assert set(ended) <= {"result", "ended"}
    assert ended["result"] > 100
    assert ended["ended"] > 10
