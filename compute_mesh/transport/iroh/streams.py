"""Streams and connections of iroh."""

import asyncio
from typing import Any, Final

import iroh

from compute_mesh.transport.failures import Reason, TransportFailed
from compute_mesh.transport.interface import DEADLINE, MOST_STREAMS, Buffer, Connection, Stream
from compute_mesh.transport.iroh.failing import named

#: Larger writes are no faster, and block the loop longer.
_SLICE: Final = 256 * 1024
#: The code of every reset and close: peers may read nothing from it.
_CODE: Final = 0
_GOODBYE: Final = 1.0
_background: set[asyncio.Task[None]] = set()


class IrohStream(Stream):
    """A bidirectional QUIC stream."""

    def __init__(self, pair: iroh.BiStream) -> None:
        """``pair`` as the library gave it."""
        self._send, self._receive = pair.send(), pair.recv()
        self._finished = False

    async def _write(self, data: Buffer) -> None:
        view = memoryview(data)
        with named("sending"):
            for start in range(0, view.nbytes, _SLICE):
                # The patched binding takes any buffer; as shipped, it takes bytes, and a view of them as well.
                await self._send.write_all(view[start : start + _SLICE])  # type: ignore[arg-type]

    async def _read_exact(self, size: int) -> bytes:
        with named("receiving"):
            return await self._receive.read_exact(size)

    async def _read(self, most: int) -> bytes:
        with named("receiving"):
            return await self._receive.read(most)

    async def _finish(self) -> None:
        with named("finishing"):
            await self._send.finish()
        self._finished = True

    def _drop(self) -> None:
        keep(self._say_goodbye())

    async def _say_goodbye(self) -> None:
        # After `finish`, a reset would take back bytes that are still on their way.
        calls = [self._receive.stop(_CODE)] if self._finished else [self._receive.stop(_CODE), self._send.reset(_CODE)]
        for call in calls:
            try:
                async with asyncio.timeout(_GOODBYE):
                    await call
            except (iroh.IrohError, TimeoutError):
                continue  # It had ended already.


class IrohConnection(Connection):
    """A QUIC connection. Streams of the peer are taken by a task, so that a deadline never loses one."""

    def __init__(self, connection: iroh.Connection) -> None:
        """``connection`` after its handshake."""
        self.peer = connection.remote_id().to_bytes().hex()
        self.protocol = connection.alpn()
        self._connection = connection
        self._arrived: asyncio.Queue[Stream | None] = asyncio.Queue()
        connection.set_max_concurrent_bi_streams(MOST_STREAMS)
        connection.set_max_concurrent_uni_streams(0)
        self._taking = keep(self._take_streams())

    async def open_stream(self, *, within: float = DEADLINE) -> Stream:
        """See `Connection`."""
        try:
            async with asyncio.timeout(within):
                with named("opening a stream"):
                    return IrohStream(await self._connection.open_bi())
        except TimeoutError:
            raise TransportFailed(Reason.DEADLINE, f"opening a stream: not done within {within:g} seconds") from None

    async def accept_stream(self, *, within: float = DEADLINE) -> Stream:
        """See `Connection`."""
        found: Stream = await taken(self._arrived, within, "a stream")
        return found

    async def close(self) -> None:
        """See `Connection`."""
        self._connection.close(_CODE, b"")
        self._taking.cancel()
        self._arrived.put_nowait(None)

    @property
    def closed(self) -> bool:
        """See `Connection`."""
        return self._connection.close_reason() is not None

    def round_trip(self) -> float | None:
        """See `Connection`."""
        milliseconds = self._connection.rtt()
        return None if milliseconds is None else milliseconds / 1000

    async def _take_streams(self) -> None:
        try:
            while True:
                self._arrived.put_nowait(IrohStream(await self._connection.accept_bi()))
        except iroh.IrohError:
            self._arrived.put_nowait(None)


async def taken(queue: "asyncio.Queue[Any]", within: float, what: str) -> Any:
    """The next of a queue; None in it means that no more will come, for everybody who waits.

    Raises:
        TransportFailed: DEADLINE or CLOSED.
    """
    try:
        async with asyncio.timeout(within):
            found = await queue.get()
    except TimeoutError:
        raise TransportFailed(Reason.DEADLINE, f"waiting for {what}: none within {within:g} seconds") from None
    if found is None:
        queue.put_nowait(None)
        raise TransportFailed(Reason.CLOSED, f"waiting for {what}: the connection has ended")
    return found


def keep(work: Any) -> "asyncio.Task[None]":
    """A task that nobody waits for; the loop alone would forget it."""
    task: asyncio.Task[None] = asyncio.ensure_future(work)
    _background.add(task)
    task.add_done_callback(_background.discard)
    return task
