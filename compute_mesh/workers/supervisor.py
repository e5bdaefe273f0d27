"""Who looks after workers: kept warm for one requester, emptied between jobs, renewed, and never shared.

A worker belongs to one place (a model with its adapters) and one requester. Jobs of another requester never reach it,
so nothing that a prompt left in memory or in timing can be read by somebody else. Between two jobs what was read is
cleared; after some jobs, or when nobody asks for a while, the process ends. Sensitive jobs get a process of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from compute_mesh.sandbox.groups import remove_leftovers
from compute_mesh.workers.failures import JobFailed, Why
from compute_mesh.workers.going import Going
from compute_mesh.workers.messages import Job
from compute_mesh.workers.place import Place
from compute_mesh.workers.process import Starter, Worker, start_worker

Start = Callable[[Place, Starter], Awaitable[Worker]]
_STARTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Keeping:
    """How workers are kept.

    Attributes:
        workers: processes at once. jobs: after so many a worker is renewed.
        idle: seconds after which a worker that nobody uses ends.
    """

    workers: int = 2
    jobs: int = 200
    idle: float = 300.0


@dataclass(frozen=True, slots=True)
class Request:
    """A job and who wants it.

    Attributes:
        requester: whose worker it is; anything that tells requesters apart, such as a key.
        seconds: from when a worker begins with it. most: bytes that it may give.
        fresh: in a process of its own, which ends with the job.
    """

    place: Place
    requester: str
    job: Job
    seconds: float = 600.0
    most: int = 64 << 20
    fresh: bool = False


@dataclass(eq=False, slots=True)
class _Kept:
    """A worker, or one that is being started.

    ``active``: its jobs now; ``begun``: all of them; ``until``: when it has lived long enough. One that is ``closed``
    takes no job; while it is being cleared, it will again in a moment.
    """

    key: tuple[str, str]
    slots: int
    worker: Worker | None = None
    active: int = 0
    begun: int = 0
    used: float = 0.0
    until: float = 0.0
    closed: bool = False
    clearing: bool = False
    timer: asyncio.TimerHandle | None = None

    def takes(self, key: tuple[str, str], jobs: int) -> bool:
        """Whether it can begin another job of this key now."""
        ready = self.worker is not None and self.worker.alive and not self.closed
        return ready and self.key == key and self.active < self.slots and not self.spent(jobs)

    def spent(self, jobs: int) -> bool:
        """Whether it is to be renewed."""
        return self.begun >= jobs or asyncio.get_running_loop().time() >= self.until


class Supervisor:
    """The workers of a node. Close it."""

    def __init__(self, keeping: Keeping | None = None, start: Start = start_worker) -> None:
        """``start`` makes a worker in a place."""
        self._keeping, self._start = keeping or Keeping(), start
        remove_leftovers()
        self._starter = ThreadPoolExecutor(_STARTERS, thread_name_prefix="lecs-box")
        self._kept: list[_Kept] = []
        self._changed = asyncio.Condition()
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def run(self, request: Request) -> AsyncIterator[Going]:
        """A job in progress; one that is left before its end is cancelled.

        Raises:
            JobFailed: it could not be begun.
        """
        kept = await self._take(request)
        going: Going | None = None
        try:
            worker = _worker(kept)
            going = await worker.begin(request.job, seconds=request.seconds, most=request.most)
            yield going
        finally:
            # Whoever is cancelled here still leaves an empty worker behind.
            await asyncio.shield(self._spawn(self._give_back(kept, going)))

    async def engine(self, place: Place, requester: str) -> dict[str, object]:
        """The engine class that a worker of this place tells, which is started for it where there is none.

        Raises:
            JobFailed: none can be started.
        """
        kept = await self._take(Request(place, requester, Job("")))
        try:
            return dict(_worker(kept).engine)
        finally:
            await asyncio.shield(self._spawn(self._give_back(kept, None)))

    @property
    def processes(self) -> dict[int, tuple[str, str]]:
        """Living workers: process number, then place and requester."""
        return {one.worker.process: one.key for one in self._kept if one.worker is not None and one.worker.alive}

    async def close(self) -> None:
        """End all workers; jobs that go on fail with `Why.STOPPING`."""
        async with self._changed:
            self._closing = True
            self._changed.notify_all()
        for kept in list(self._kept):
            await self._end(kept)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._starter.shutdown(wait=False)

    async def _take(self, request: Request) -> _Kept:
        """A worker with a place for one more job, waited for where there is none."""
        key = (request.place.identity, request.requester)
        while True:
            async with self._changed:
                kept, unwanted = self._choose(key, request)
                if kept is None and unwanted is None:
                    await self._changed.wait()
                    continue
            if unwanted is not None:
                await self._end(unwanted)
            elif kept is not None and kept.worker is not None:
                return kept
            elif kept is not None:
                return await self._begin(kept, request.place)

    def _choose(self, key: tuple[str, str], request: Request) -> tuple[_Kept | None, _Kept | None]:
        """A worker to use or to start, else one to end first, else neither: wait."""
        if self._closing:
            raise JobFailed(Why.STOPPING, "the node stops")
        for one in self._kept:
            if one.worker is not None and not one.worker.alive and not one.active and not one.closed:
                return None, one  # It died while nobody used it.
        mine = [one for one in self._kept if one.key == key and not request.fresh and (one.clearing or not one.closed)]
        for one in mine:
            if one.takes(key, self._keeping.jobs):
                self._use(one)
                return one, None
        starting = any(one.worker is None for one in mine)
        if starting or any(one.active or one.clearing for one in mine):
            return None, None  # A moment's wait costs less than another process.
        if len(self._kept) >= self._keeping.workers:
            idle = [one for one in self._kept if not one.active and one.worker is not None and not one.closed]
            return None, min(idle, key=lambda one: one.used, default=None)
        # One that is waited for by several is seen by all of them as being started.
        fresh = _Kept(("fresh", "") if request.fresh else key, 1 if request.fresh else request.place.slots)
        self._use(fresh)
        self._kept.append(fresh)
        return fresh, None

    def _use(self, kept: _Kept) -> None:
        kept.active += 1
        kept.begun += 1
        if kept.timer is not None:
            kept.timer.cancel()
            kept.timer = None

    async def _begin(self, kept: _Kept, place: Place) -> _Kept:
        kept.until = asyncio.get_running_loop().time() + place.box.wall_seconds
        try:
            kept.worker = await self._start(place, self._starter)
        except BaseException:
            await asyncio.shield(self._spawn(self._forget(kept)))
            raise
        if self._closing:
            await self._end(kept)
            raise JobFailed(Why.STOPPING, "the node stops")
        async with self._changed:
            self._changed.notify_all()
        return kept

    async def _give_back(self, kept: _Kept, going: Going | None) -> None:
        """After a job: cancel what was left, and keep an empty worker, or end it."""
        worker = _worker(kept)
        if going is not None and not going.over:
            await worker.cancel(going)
        async with self._changed:
            kept.active -= 1
            last = kept.active == 0
            # Nobody gets it while it is being cleared.
            kept.closed, kept.clearing = kept.closed or last, last and not kept.closed and self._stays(kept, worker)
        if last:
            await self._empty(kept, worker)
        async with self._changed:
            self._changed.notify_all()

    def _stays(self, kept: _Kept, worker: Worker) -> bool:
        """Whether it is kept for the next job."""
        spent = kept.key[0] == "fresh" or kept.spent(self._keeping.jobs)
        return worker.alive and not spent and not self._closing

    async def _empty(self, kept: _Kept, worker: Worker) -> None:
        if not self._stays(kept, worker):
            await self._end(kept)
            return
        try:
            await worker.clear()
        except JobFailed:
            await self._end(kept)
            return
        loop = asyncio.get_running_loop()
        kept.closed, kept.clearing, kept.used = False, False, loop.time()
        kept.timer = loop.call_later(self._keeping.idle, lambda: self._spawn(self._end_idle(kept)))

    async def _end_idle(self, kept: _Kept) -> None:
        async with self._changed:
            if kept.active or kept.closed:
                return
            kept.closed = True
        await self._end(kept)

    async def _end(self, kept: _Kept) -> None:
        kept.closed, kept.clearing = True, False
        if kept.timer is not None:
            kept.timer.cancel()
        if kept.worker is not None:
            await kept.worker.end()
            await self._forget(kept)

    async def _forget(self, kept: _Kept) -> None:
        async with self._changed:
            if kept in self._kept:
                self._kept.remove(kept)
            self._changed.notify_all()

    def _spawn(self, work: "Awaitable[None]") -> "asyncio.Task[None]":
        async def run() -> None:
            await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _worker(kept: _Kept) -> Worker:
    if kept.worker is None:
        raise JobFailed(Why.STOPPING, "the worker was never started")
    return kept.worker
