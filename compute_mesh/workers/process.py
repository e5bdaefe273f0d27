"""One worker: its box, its pipes, and the jobs that it does. Whatever breaks a rule ends it, and its jobs by name."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from compute_mesh.sandbox.box import CannotSandbox
from compute_mesh.sandbox.bubblewrap import build
from compute_mesh.sandbox.running import Running, start
from compute_mesh.workers.failures import JobFailed, Why
from compute_mesh.workers.frames import BadFrame, pieces
from compute_mesh.workers.going import Going
from compute_mesh.workers.messages import Cleared, Event, Failed, Job, Ready, event_of
from compute_mesh.workers.pipes import Closed, Pipes, open_pipes
from compute_mesh.workers.place import Place

#: Seconds in which a model must be loaded, a cancellation heeded, and a cache cleared.
LOADING: Final = 300.0
HEEDING: Final = 5.0
CLEARING: Final = 20.0
_LEAVING: Final = 2.0
#: A signal's number is the exit code less this.
_SIGNAL: Final = 128
_FORBIDDEN: Final = _SIGNAL + 31

#: Starts boxes in a thread that lives as long as they do: the kernel ends a box with the thread that started it.
Starter = ThreadPoolExecutor


class Worker:
    """A process in a box with a model loaded. Made by `start_worker`."""

    def __init__(self, running: Running, pipes: Pipes, starter: Starter) -> None:
        """Nothing was said yet."""
        self._running, self._pipes, self._starter = running, pipes, starter
        self._jobs: dict[int, Going] = {}
        self._next = 1
        self._waiting: asyncio.Future[Event] | None = None
        self._ended: asyncio.Task[int] | None = None
        self._listening = asyncio.create_task(self._listen())
        self.engine: dict[str, Any] = {}

    @property
    def alive(self) -> bool:
        """Whether it takes jobs."""
        return self._ended is None

    @property
    def process(self) -> int:
        """The number of its process (bubblewrap's) on this machine."""
        return self._running.process

    async def load(self, message: dict[str, Any]) -> None:
        """Have the model loaded.

        Raises:
            JobFailed: it is not.
        """
        event = await self._ask(message, LOADING)
        if not isinstance(event, Ready):
            rule = event.rule if isinstance(event, Failed) else ""
            await self._fail(JobFailed(Why.REFUSED, f"the worker did not load the model: {rule}", rule))
            raise JobFailed(Why.REFUSED, f"the worker did not load the model: {rule}", rule)
        self.engine = event.engine

    async def clear(self) -> None:
        """Have everything forgotten that was read.

        Raises:
            JobFailed: it did not say so in time; it has been ended.
        """
        if not isinstance(await self._ask({"op": "clear"}, CLEARING), Cleared):
            await self._fail(JobFailed(Why.MALFORMED, "the worker answered something else"))

    async def begin(self, job: Job, *, seconds: float, most: int) -> Going:
        """Begin a job, which may take ``seconds`` and give ``most`` bytes. It fails where the worker is gone."""
        number, going = self._next, Going(job, most)
        self._next += 1
        self._jobs[number] = going
        timer = asyncio.get_running_loop().call_later(seconds, self._late, going)

        going.when_over(timer.cancel)
        going.when_over(lambda: self._jobs.pop(number, None))
        attached = [
            {"op": "attach", "job": number, "name": name, "data": part}
            for name, data in job.inputs.items() for part in pieces(data)
        ]  # fmt: skip
        run = {"op": "run", "job": number, "type": job.type, "parameters": dict(job.parameters)}
        try:
            await self._pipes.say(*attached, run)
        except Closed:
            await self._fail(None)
        if not self.alive:
            going.fail(self._how_it_ended(await self._fail(None)))
        return going

    async def cancel(self, going: Going) -> None:
        """End a job that nobody wants any more; a worker that does not heed it is ended."""
        number = next((number for number, one in self._jobs.items() if one is going), None)
        if number is None or going.over:
            return
        going.cancelled = True
        ended = asyncio.Event()
        going.when_over(ended.set)
        try:
            await self._pipes.say({"op": "cancel", "job": number})
            async with asyncio.timeout(HEEDING):
                await ended.wait()
        except (Closed, TimeoutError):
            await self._fail(JobFailed(Why.CANCELLED, "the job was cancelled"))

    async def end(self, failure: JobFailed | None = None) -> None:
        """End the process now; jobs that go on fail."""
        await self._fail(failure or JobFailed(Why.STOPPING, "the worker was stopped"))

    async def _ask(self, message: dict[str, Any], seconds: float) -> Event:
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._waiting = answer
        try:
            await self._pipes.say(message)
            async with asyncio.timeout(seconds):
                return await answer
        except Closed:
            failure = self._how_it_ended(await self._fail(None))
        except TimeoutError:
            failure = JobFailed(Why.LATE, "the worker did not answer in time")
            await self._fail(failure)
        finally:
            self._waiting = None
            if answer.done() and not answer.cancelled():
                answer.exception()  # Looked at, also where nobody waits for it any more.
        raise failure

    async def _listen(self) -> None:
        try:
            while True:
                if failure := self._hear(event_of(await self._pipes.hear())):
                    break
        except Closed:
            failure = None
        except BadFrame as error:
            failure = JobFailed(Why.MALFORMED, f"the worker broke a rule of the protocol: {error}")
        await self._fail(failure)

    def _hear(self, event: Event) -> JobFailed | None:
        """Hand an event on; what is wrong with it, if something is."""
        if isinstance(event, Ready | Cleared) or event.job == 0:
            if self._waiting is None or self._waiting.done():
                return JobFailed(Why.MALFORMED, "the worker answered what nobody asked")
            self._waiting.set_result(event)
            return None
        going = self._jobs.get(event.job)
        if going is None:
            if event.job >= self._next:
                return JobFailed(Why.MALFORMED, "the worker told of a job that it was not given")
            return None  # Of a job that has ended: it may have been on its way.
        if not going.hear(event):
            return JobFailed(Why.TOO_MUCH, "the worker gave more bytes than the job may have")
        return None

    def _late(self, going: Going) -> None:
        going.fail(JobFailed(Why.LATE, "the job's time was over"))
        others = JobFailed(Why.ENDED, "the worker was ended: another of its jobs was late")
        self._ended = self._ended or asyncio.create_task(self._end(others))

    async def _fail(self, failure: JobFailed | None) -> int:
        """End the process and fail its jobs, each once; the exit code."""
        if self._ended is None:
            self._ended = asyncio.create_task(self._end(failure))
        return await asyncio.shield(self._ended)

    async def _end(self, failure: JobFailed | None) -> int:
        loop = asyncio.get_running_loop()
        if failure is None:
            # It ended by itself, and its own exit code tells how; it gets a moment to be gone.
            await loop.run_in_executor(self._starter, self._running.wait, _LEAVING)
        code = await loop.run_in_executor(self._starter, self._running.end)
        failure = failure or self._how_it_ended(code)
        for going in list(self._jobs.values()):
            going.fail(failure)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(failure)
        self._pipes.close()
        if asyncio.current_task() is not self._listening:
            self._listening.cancel()
        return code

    def _how_it_ended(self, code: int | None) -> JobFailed:
        if code == _FORBIDDEN:
            return JobFailed(Why.FORBIDDEN, "the worker made a system call that no worker makes, and was ended")
        if code is not None and code > _SIGNAL:
            return JobFailed(Why.ENDED, f"the worker was ended by signal {code - _SIGNAL}; 9 may be a lack of memory")
        return JobFailed(Why.ENDED, "the worker ended before the job was done")


async def start_worker(place: Place, starter: Starter) -> Worker:
    """A worker in its place, the model loaded.

    Raises:
        JobFailed: there is no sandbox here, or the model is not loaded.
    """
    loop = asyncio.get_running_loop()
    pipes, reads, writes = await open_pipes()
    starting = loop.run_in_executor(starter, _started(place, reads, writes))
    try:
        running = await asyncio.shield(starting)
    except CannotSandbox as error:
        pipes.close()
        raise JobFailed(Why.NO_SANDBOX, str(error), error.part) from None
    except BaseException:
        pipes.close()
        starting.add_done_callback(_end_unwanted)
        raise
    worker = Worker(running, pipes, starter)
    try:
        await worker.load(place.load)
    except BaseException:
        await worker.end()
        raise
    return worker


def _end_unwanted(starting: "asyncio.Future[Running]") -> None:
    """Whoever wanted it has gone while it was being started."""
    if not starting.cancelled() and starting.exception() is None:
        starting.result().end()


def _started(place: Place, reads: int, writes: int) -> Callable[[], Running]:
    def begin() -> Running:
        try:
            return start(build(place.box), stdin=reads, stdout=writes)
        finally:
            os.close(reads)
            os.close(writes)

    return begin
