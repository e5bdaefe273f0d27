"""One worker in a real box: what it may do, and that breaking a rule ends it and names its jobs' failures."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from scripted import boxes_left, groups_left, place, run

from compute_mesh.sandbox import bubblewrap
from compute_mesh.workers import process
from compute_mesh.workers.failures import JobFailed, Why
from compute_mesh.workers.messages import Data, Job, Piece, Progress, Result
from compute_mesh.workers.process import Worker, start_worker


@asynccontextmanager
async def worker(**told: Any) -> AsyncIterator[Worker]:
    with ThreadPoolExecutor(2) as starter:
        found = await start_worker(place(**told), starter)
        try:
            yield found
        finally:
            await found.end()
    assert boxes_left() == []
    assert groups_left() == []


async def outcome(found: Worker, kind: str, *, seconds: float = 20, most: int = 1 << 20, **given: Any) -> Any:
    """The value of a job's result, or why there is none."""
    going = await found.begin(Job(kind, given), seconds=seconds, most=most)
    try:
        return (await going.result())[0].value
    except JobFailed as error:
        return error.why


def test_events_come_in_their_order() -> None:
    async def work() -> None:
        async with worker() as found:
            going = await found.begin(Job("pieces"), seconds=20, most=1 << 20)
            events = [event async for event in going]
            assert [type(event) for event in events] == [Piece, Piece, Piece, Progress, Result]
            assert "".join(event.text for event in events if isinstance(event, Piece)) == "0 1 2 "
            assert [event async for event in going] == []

    run(work())


def test_bytes_come_whole_and_go_in_pieces() -> None:
    async def work() -> None:
        async with worker() as found:
            going = await found.begin(Job("bytes", {"times": 3, "size": 300_000}), seconds=20, most=2 << 20)
            events = [event async for event in going]
            assert [len(event.data) for event in events if isinstance(event, Data)] == [900_000]
            large = await found.begin(Job("input", {}, {"texts": bytes(3 << 20)}), seconds=20, most=1 << 20)
            assert (await large.result())[0].value == {"size": 3 << 20}

    run(work())


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b"not json", None),
        (b"[]", None),
        (b'{"event":"result","job":1,"value":{},"more":1}', None),
        (b'{"event":"result","job":99,"value":{}}', None),
        (b'{"event":"cleared"}', None),
        (b'{"event":"ready","engine":{}}', None),
        (b'{"event":"failed","job":0,"rule":"X"}', None),
        (b'{"event":"piece","job":1,"index":0,"text":"\\ud800"}', None),
        (b"{" * 1000, None),
        (b"", 4_000_000_000),
    ],
)
def test_what_breaks_the_protocol_ends_the_worker(data: bytes, size: int | None) -> None:
    async def work() -> None:
        async with worker() as found:
            assert await outcome(found, "raw", hex=data.hex(), size=size) == Why.MALFORMED
            assert not found.alive
            assert await outcome(found, "add", a=1, b=2, word="w") in (Why.ENDED, Why.MALFORMED)

    run(work())


@pytest.mark.parametrize(
    ("kind", "why"), [("exit", Why.ENDED), ("abort", Why.ENDED), ("forbidden", Why.FORBIDDEN), ("other", Why.REFUSED)]
)
def test_how_a_job_ends_without_a_result(kind: str, why: Why) -> None:
    async def work() -> None:
        async with worker() as found:
            assert await outcome(found, kind) == why
            assert found.alive == (why == Why.REFUSED)

    run(work())


def test_more_bytes_than_a_job_may_have_end_the_worker() -> None:
    async def work() -> None:
        async with worker() as found:
            assert await outcome(found, "bytes", times=20, size=100_000, most=500_000) == Why.TOO_MUCH
            assert not found.alive

    run(work())


def test_a_late_job_ends_and_takes_the_others_along() -> None:
    async def work() -> None:
        async with worker() as found:
            other = asyncio.create_task(outcome(found, "sleep", lasts=60))
            await asyncio.sleep(0)
            going = await found.begin(Job("sleep", {"lasts": 60}), seconds=0.3, most=1000)
            with pytest.raises(JobFailed) as caught:
                await going.result()
            assert caught.value.why == Why.LATE
            assert await other == Why.ENDED

    run(work())


@pytest.mark.parametrize("deaf", [False, True])
def test_a_cancelled_job_ends_with_the_worker_if_need_be(deaf: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "HEEDING", 0.5 if deaf else 30.0)

    async def work() -> None:
        async with worker() as found:
            going = await found.begin(Job("sleep", {"lasts": 60, "deaf": deaf}), seconds=100, most=1000)
            await found.cancel(going)
            with pytest.raises(JobFailed) as caught:
                await going.result()
            assert caught.value.why == Why.CANCELLED
            assert found.alive is not deaf
            await found.cancel(going)

    run(work())


@pytest.mark.parametrize(("told", "rule"), [({"bad": True}, "BadModel"), ({"dies": True}, "")])
def test_a_model_that_is_not_loaded(told: dict[str, Any], rule: str) -> None:
    async def work() -> None:
        with pytest.raises(JobFailed) as caught:
            async with worker(**told):
                pass
        assert caught.value.why == (Why.REFUSED if rule else Why.ENDED)
        assert caught.value.rule == rule

    run(work())
    assert boxes_left() == []


@pytest.mark.bare
def test_without_a_sandbox_no_job_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bubblewrap.OLDEST

    async def work() -> None:
        with ThreadPoolExecutor(1) as starter, pytest.raises(JobFailed, match="bubblewrap is not installed") as caught:
            await start_worker(place(), starter)
        assert caught.value.why == Why.NO_SANDBOX

    run(work())


def test_nobody_waits_for_a_worker_that_was_not_wanted_any_more() -> None:
    """Cancelled at any moment of a start, nothing is left."""

    async def work() -> None:
        for delay in (0.0, 0.005, 0.02, 0.05, 0.1):
            with ThreadPoolExecutor(1) as starter:
                task = asyncio.create_task(start_worker(place(), starter))
                await asyncio.sleep(delay)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await (await task).end()
        assert boxes_left() == []
        assert groups_left() == []

    run(work())
