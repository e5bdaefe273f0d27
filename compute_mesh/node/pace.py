"""How fast bytes may go: one bucket for each direction of a node, shared by all that it has open."""

import asyncio
import time

from compute_mesh.transport.interface import Buffer, Stream
from compute_mesh.transport.wrapped import WrappedStream


class Pace:
    """Bytes a second; 0: as fast as it goes. At most one second's worth may go at once."""

    def __init__(self, bytes_per_second: int) -> None:
        """The bucket is full."""
        self._rate = bytes_per_second
        self._free_at = 0.0

    async def take(self, size: int) -> None:
        """Wait until ``size`` bytes may go."""
        if not self._rate:
            return
        now = time.monotonic()
        self._free_at = max(self._free_at, now - 1.0) + size / self._rate
        await asyncio.sleep(max(0.0, self._free_at - now))


class PacedStream(WrappedStream):
    """A stream at the pace of its node."""

    def __init__(self, inner: Stream, up: Pace, down: Pace) -> None:
        """``up`` and ``down`` are the node's."""
        super().__init__(inner)
        self._up, self._down = up, down

    async def _write(self, data: Buffer) -> None:
        await self._up.take(memoryview(data).nbytes)
        await super()._write(data)

    async def _read_exact(self, size: int) -> bytes:
        found = await super()._read_exact(size)
        await self._down.take(size)
        return found

    async def _read(self, most: int) -> bytes:
        found = await super()._read(most)
        await self._down.take(len(found))
        return found
