"""A stream or a connection around another one: what is not overridden goes through.

Deadlines of streams are kept by the outer one.
"""

from typing import Final

from compute_mesh.transport.interface import DEADLINE, Buffer, Connection, Stream

#: The inner stream's own deadline: it never comes first.
_FAR: Final = 3600.0


class WrappedStream(Stream):
    """Hands everything on to ``inner``; override the hooks that do more."""

    def __init__(self, inner: Stream) -> None:
        """``inner`` is used by nobody else from here on."""
        self._inner = inner

    async def _write(self, data: Buffer) -> None:
        await self._inner.write(data, within=_FAR)

    async def _read_exact(self, size: int) -> bytes:
        return await self._inner.read_exact(size, within=_FAR)

    async def _read(self, most: int) -> bytes:
        return await self._inner.read(most, within=_FAR)

    async def _finish(self) -> None:
        await self._inner.finish(within=_FAR)

    def _drop(self) -> None:
        # The inner stream's own `stop` is a coroutine without an await: dropping is at once.
        if not self._inner._dropped:
            self._inner._dropped = True
            self._inner._drop()


class WrappedConnection(Connection):
    """Hands everything on to ``inner``; override what its streams go through."""

    def __init__(self, inner: Connection) -> None:
        """``inner`` is used by nobody else from here on."""
        self._inner = inner
        self.peer, self.protocol = inner.peer, inner.protocol

    async def open_stream(self, *, within: float = DEADLINE) -> Stream:
        """See `Connection`."""
        return await self._inner.open_stream(within=within)

    async def accept_stream(self, *, within: float = DEADLINE) -> Stream:
        """See `Connection`."""
        return await self._inner.accept_stream(within=within)

    async def close(self) -> None:
        """See `Connection`."""
        await self._inner.close()

    @property
    def closed(self) -> bool:
        """See `Connection`."""
        return self._inner.closed

    def round_trip(self) -> float | None:
        """See `Connection`."""
        return self._inner.round_trip()
