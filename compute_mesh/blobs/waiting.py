"""How the peers of one fetch wait: until something happens, and for their turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Bell:
    """Rings when something happened; whoever waits looks for itself what it was."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._changed = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait now."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, within: float) -> None:
        """Until it rings, or ``within`` seconds have passed."""
        changed = self._changed
        try:
            async with asyncio.timeout(within):
                await changed.wait()
        except TimeoutError:
            pass


class Turns:
    """One after the other, but a slow one does not hold up the rest."""

    def __init__(self, within: float) -> None:
        """``within`` is how many seconds somebody waits for its turn before it goes ahead without."""
        self._within = within
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Inside, it is this one's turn, or it waited long enough."""
        mine = False
        try:
            async with asyncio.timeout(self._within):
                mine = await self._lock.acquire()
        except TimeoutError:
            pass
        try:
            yield
        finally:
            if mine:
                self._lock.release()
