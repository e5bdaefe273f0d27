"""Blocking work on a home, beside the loop: one thread and one open home per session."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from compute_mesh.ledger.replica import Limits, Replica, commons_tag
from substrate.record.charter import CharterState
from substrate.record.errors import UnknownCommons
from substrate.store.home import Home, open_home

Result = TypeVar("Result")


class Bench:
    """A thread with a home open in it."""

    def __init__(self, executor: ThreadPoolExecutor, home: Home) -> None:
        """Made by `at_home`."""
        self._executor = executor
        self.home = home

    def run(self, work: Callable[[], Result]) -> Awaitable[Result]:
        """What ``work`` returns; it may use the home."""
        return asyncio.get_running_loop().run_in_executor(self._executor, work)


@asynccontextmanager
async def at_home(path: Path) -> AsyncIterator[Bench]:
    """Open the home at ``path`` in a thread of its own, until the block ends.

    Raises:
        HomeError: as `open_home`.
    """
    loop, stack = asyncio.get_running_loop(), ExitStack()
    executor = ThreadPoolExecutor(1, thread_name_prefix="lecs-home")
    try:
        home = await loop.run_in_executor(executor, lambda: stack.enter_context(open_home(path)))
        yield Bench(executor, home)
    finally:
        # The home is closed after the step that is going on; the loop does not stand still until then, even when
        # whoever waits here is cancelled again.
        closing = loop.run_in_executor(executor, stack.close)
        executor.shutdown(wait=False)
        await asyncio.shield(closing)


def replica_of(home: Home, limits: Limits | None = None) -> Replica:
    """A home's ledger as sync sees it; logs of nodes that the charter has or had are taken whole."""
    state = _charter_state(home)
    known = {home.node.did}
    if state is not None:
        known |= state.holders("node") | {key for role, key in state.removed if role == "node"}
    return Replica(
        home.ledger,
        commons_tag(home.commons, home.charter),
        known.__contains__ if state else _anyone,
        limits or Limits(),
    )


def _anyone(_: str) -> bool:
    """Before the charter itself has come, nobody can be told from a stranger."""
    return True


def _charter_state(home: Home) -> CharterState | None:
    try:
        return home.roles().chain.state
    except UnknownCommons:
        return None
