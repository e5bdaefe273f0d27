"""Streams and connections over packets."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from compute_mesh.transport.failures import Reason, TransportFailed
from compute_mesh.transport.interface import DEADLINE, MOST_STREAMS, Buffer, Connection, Stream
from compute_mesh.transport.memory.network import Packet

if TYPE_CHECKING:
    from compute_mesh.transport.memory.endpoint import MemoryTransport

#: What a packet costs beside the bytes of its stream.
CONTROL_BYTES: Final = 16


class Waiting:
    """Tasks that wait until something changes."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._waiters: deque[asyncio.Future[None]] = deque()

    async def change(self) -> None:
        """Wait for the next `tell`."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    def tell(self) -> None:
        """Wake everybody, in the order in which they came."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)


class MemoryStream(Stream):
    """One end of a stream. The other end is ``twin``; they touch each other through packets alone."""

    def __init__(self, connection: "MemoryConnection") -> None:
        """An end of ``connection``; `join` makes a pair."""
        self.connection = connection
        self.twin: MemoryStream
        self.seen = False
        self._sent = 0
        self._on_the_way = 0
        self._finished = False
        self._refused = False
        self._next = 0
        self._early: dict[int, bytes | None] = {}
        self._unread = bytearray()
        self._ended = False
        self._reset = False
        self._changed = Waiting()

    async def _write(self, data: Buffer) -> None:
        weather = self.connection.transport.network.weather
        view = memoryview(data)
        for start in range(0, view.nbytes, weather.packet):
            piece = self.connection.spoken(bytes(view[start : start + weather.packet]))
            while self._on_the_way + len(piece) > weather.window:
                self._check_writable()
                await self._changed.change()
            self._check_writable()
            self._on_the_way += len(piece)
            self._post(piece)

    async def _read_exact(self, size: int) -> bytes:
        found = bytearray()
        while True:
            found += self._cut(min(size - len(found), len(self._unread)))
            if len(found) == size:
                return bytes(found)
            if self._ended:
                raise TransportFailed(Reason.ENDED, "receiving: the peer finished before all bytes came")
            self._check_readable()
            await self._changed.change()

    async def _read(self, most: int) -> bytes:
        while not self._unread and not self._ended:
            self._check_readable()
            await self._changed.change()
        return self._cut(min(most, len(self._unread)))

    async def _finish(self) -> None:
        self._check_writable()
        if not self._finished:
            self._finished = True
            self._post(None)

    def _drop(self) -> None:
        finished = self._finished
        self.connection.control(lambda: self.twin.on_stopped(reset=not finished))
        self._unread.clear()
        self._changed.tell()

    def on_stopped(self, *, reset: bool) -> None:
        """The other end dropped the stream."""
        self._refused = True
        self._reset = self._reset or reset
        self._changed.tell()

    def on_piece(self, number: int, piece: bytes | None) -> None:
        """A packet arrived; None is the end. Copies are thrown away, early ones wait for those before them."""
        if number >= self._next:
            self._early.setdefault(number, piece)
        while self._next in self._early:
            found = self._early.pop(self._next)
            self._next += 1
            if found is None:
                self._ended = True
            elif not self._dropped:
                self._unread += found
        self._changed.tell()

    def on_connection_ended(self) -> None:
        """Whoever waits here fails now."""
        self._changed.tell()

    def _post(self, piece: bytes | None) -> None:
        number, twin = self._sent, self.twin
        self._sent += 1
        size = CONTROL_BYTES + len(piece or b"")
        self.connection.control(lambda: twin.connection.on_piece(twin, number, piece), size)

    def _cut(self, size: int) -> bytes:
        found = bytes(self._unread[:size])
        del self._unread[:size]
        if found:
            self.twin.on_credit(size)
        return found

    def on_credit(self, size: int) -> None:
        """The other end has read ``size`` bytes. (Credit takes no time and is never lost: a simplification.)"""
        self._on_the_way -= size
        self._changed.tell()

    def _check_readable(self) -> None:
        if self._dropped or self._reset:
            raise TransportFailed(Reason.STOPPED, "receiving: the stream was dropped")
        self.connection.check_open("receiving")

    def _check_writable(self) -> None:
        if self._dropped or self._refused:
            raise TransportFailed(Reason.STOPPED, "sending: the stream was dropped")
        self.connection.check_open("sending")

    @property
    def live(self) -> bool:
        """Whether bytes may still pass in either direction."""
        return not (self._dropped or self.twin._dropped or (self._finished and self.twin._finished))


class MemoryConnection(Connection):
    """One side of a connection; ``twin`` is the other."""

    def __init__(self, transport: "MemoryTransport", peer: str, protocol: bytes) -> None:
        """Made by `MemoryTransport`, on both sides of a handshake."""
        self.transport = transport
        self.peer = peer
        self.protocol = protocol
        self.twin: MemoryConnection | None = None
        self._closed = False
        self._streams: list[MemoryStream] = []
        self._arrived: deque[MemoryStream] = deque()
        self._changed = Waiting()

    async def open_stream(self, *, within: float = DEADLINE) -> Stream:
        """See `Connection`."""
        async with deadline(within, "opening a stream"):
            while len(self._streams) >= MOST_STREAMS:
                self.check_open("opening a stream")
                self._streams = [stream for stream in self._streams if stream.live]
                if len(self._streams) >= MOST_STREAMS:
                    await self._changed.change()
            self.check_open("opening a stream")
        assert self.twin is not None  # noqa: S101 (set by the handshake, before anybody has this connection)
        stream, other = MemoryStream(self), MemoryStream(self.twin)
        stream.twin, other.twin = other, stream
        stream.seen = True
        self._streams.append(stream)
        return stream

    async def accept_stream(self, *, within: float = DEADLINE) -> Stream:
        """See `Connection`."""
        async with deadline(within, "waiting for a stream"):
            while not self._arrived:
                self.check_open("waiting for a stream")
                await self._changed.change()
        return self._arrived.popleft()

    async def close(self) -> None:
        """See `Connection`."""
        if not self._closed:
            self._post(self._tell_twin, CONTROL_BYTES, wanted=lambda: True)
            self.end()

    @property
    def closed(self) -> bool:
        """See `Connection`."""
        return self._closed

    def round_trip(self) -> float | None:
        """See `Connection`."""
        return 2 * self.transport.network.weather.delay

    def spoken(self, piece: bytes) -> bytes:
        """What this node writes in place of ``piece``: the same, if it is honest."""
        lie = self.transport.network.lies.get(self.transport.id)
        return lie(self.protocol, self.peer, piece) if lie is not None else piece

    def control(self, deliver: Callable[[], None], size: int = CONTROL_BYTES) -> None:
        """Send something to the other side of this connection."""
        self._post(deliver, size, wanted=lambda: not self._closed)

    def on_piece(self, stream: MemoryStream, number: int, piece: bytes | None) -> None:
        """A packet of a stream arrived at this side."""
        if self._closed:
            return
        if not stream.seen:
            stream.seen = True
            self._streams.append(stream)
            self._arrived.append(stream)
            self._changed.tell()
        stream.on_piece(number, piece)

    def end(self) -> None:
        """This side has ended: nobody waits here any more."""
        if not self._closed:
            self._closed = True
            self._changed.tell()
            for stream in self._streams:
                stream.on_connection_ended()

    def check_open(self, what: str) -> None:
        """Fail when the connection has ended."""
        if self._closed:
            raise TransportFailed(Reason.CLOSED, f"{what}: the connection has ended")

    def _tell_twin(self) -> None:
        if self.twin is not None:
            self.twin.end()

    def _post(self, deliver: Callable[[], None], size: int, *, wanted: Callable[[], bool]) -> None:
        packet = Packet(self.transport.id, self.peer, size, deliver, self.end, wanted)
        self.transport.network.send(packet)


@asynccontextmanager
async def deadline(within: float, what: str) -> AsyncIterator[None]:
    """Turn a deadline that passes into a `TransportFailed`."""
    try:
        async with asyncio.timeout(within):
            yield
    except TimeoutError:
        raise TransportFailed(Reason.DEADLINE, f"{what}: not done within {within:g} seconds") from None
