"""An event loop whose clock leaps to the next thing that happens: hours of a network pass in seconds."""

import asyncio
import concurrent.futures
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class Stalled(Exception):
    """Everybody waits for something that has no deadline, so nothing will ever happen again."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only while nothing is ready. What is given to threads runs at once, so that runs repeat exactly."""

    def __init__(self) -> None:
        """The clock begins at 0."""
        self._now = 0.0
        super().__init__(_Leaping(self))

    def time(self) -> float:
        """Seconds since the beginning, as they pass in here."""
        return self._now

    def leap(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def run_in_executor(  # type: ignore[override]
        self, executor: concurrent.futures.Executor | None, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Run ``func`` here and now."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class _Leaping(selectors.SelectSelector):
    """Where the loop would sleep, its clock leaps."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Nothing outside is ever waited for."""
        if timeout is None:
            raise Stalled("nothing is left that could happen: an await without a deadline")
        if timeout > 0:
            self._loop.leap(timeout)
        return []


def run_virtually(work: Coroutine[Any, Any, _Result]) -> _Result:
    """What ``work`` returns, run on a loop of its own.

    Raises:
        Stalled: it waits for what will never happen.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
