"""One job that a worker does: its events for whoever asked for it, ending once in a result or a named failure."""

import asyncio
from collections.abc import Callable
from typing import Self

from compute_mesh.workers.answers import check_result
from compute_mesh.workers.failures import JobFailed, Why
from compute_mesh.workers.messages import Data, Failed, Job, OfJob, Piece, Progress, Result

_CANCELLED = "Cancelled"


class Going:
    """Iterate over it: progress, pieces and data as they come, at last the `Result`; or it raises `JobFailed`."""

    def __init__(self, job: Job, most: int) -> None:
        """``most``: bytes that the job may give, all of it together."""
        self._job = job
        self._given: dict[str, bytes] = {}
        self._events: asyncio.Queue[OfJob | JobFailed] = asyncio.Queue()
        self._left = most
        self._parts: dict[str, bytearray] = {}
        self._over = False
        self._read = False
        self._when_over: list[Callable[[], object]] = []
        self.cancelled = False

    @property
    def over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self._over

    def when_over(self, call: Callable[[], object]) -> None:
        """``call`` is called when it ends; at once when it has."""
        if self._over:
            call()
        else:
            self._when_over.append(call)

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> OfJob:
        """The next event.

        Raises:
            JobFailed: it ended without a result.
        """
        if self._read:
            raise StopAsyncIteration
        event = await self._events.get()
        if isinstance(event, JobFailed):
            self._read = True
            raise event
        self._read = isinstance(event, Result)
        return event

    async def result(self) -> tuple[Result, dict[str, bytes]]:
        """Wait for the end: the result, and the last bytes that were given under each name.

        Raises:
            JobFailed: it ended without a result.
        """
        given: dict[str, bytes] = {}
        async for event in self:
            if isinstance(event, Data):
                given[event.name] = event.data
            elif isinstance(event, Result):
                return event, given
        raise JobFailed(Why.ENDED, "the job was read to its end before")

    def hear(self, event: OfJob) -> bool:
        """Take an event of the worker; false when it gave more bytes than the job may have.

        Raises:
            BadFrame: a result that does not fit the job.
        """
        if self._over:
            return True
        self._left -= _size(event)
        if self._left < 0:
            return False
        if isinstance(event, Data):
            whole = self._parts.setdefault(event.name, bytearray())
            whole.extend(event.data)
            if event.last:
                self._given[event.name] = data = bytes(self._parts.pop(event.name))
                self._events.put_nowait(Data(event.job, event.name, data, True))
        elif isinstance(event, Failed):
            why = Why.CANCELLED if self.cancelled and event.rule == _CANCELLED else Why.REFUSED
            self.fail(JobFailed(why, f"the worker did not do it: {event.rule}", event.rule))
        elif isinstance(event, Result):
            check_result(self._job, event.value, self._given)
            self._events.put_nowait(event)
            self._end()
        else:
            self._events.put_nowait(event)
        return True

    def fail(self, failure: JobFailed) -> None:
        """End it without a result, unless it has ended."""
        if not self._over:
            self._events.put_nowait(failure)
            self._end()

    def _end(self) -> None:
        self._over = True
        self._parts.clear()
        self._given.clear()
        for call in self._when_over:
            call()


def _size(event: OfJob) -> int:
    if isinstance(event, Data):
        return 64 + len(event.data)
    if isinstance(event, Piece):
        return 64 + len(event.text)
    return 64 if isinstance(event, Progress | Failed) else 1024
