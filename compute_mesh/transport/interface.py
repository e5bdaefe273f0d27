"""The one interface of every transport: connections between keys, and streams of bytes inside them.

Every await has a deadline, given as ``within`` in seconds of the running loop's clock. A read or write that did not
end well may have moved some of its bytes, so the stream is dropped then: it fails from there on, at both ends.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from compute_mesh.transport.address import Address
from compute_mesh.transport.failures import Reason, TransportFailed

#: Seconds that an operation may take when its caller does not say.
DEADLINE: Final = 10.0
#: Streams that a peer may have open on one connection; more wait on its side.
MOST_STREAMS: Final = 64
#: Connections that were made by peers and wait to be accepted; more are refused.
MOST_WAITING: Final = 64

#: What can be written: nothing is copied on the way out where the transport allows it.
Buffer = bytes | bytearray | memoryview
_Result = TypeVar("_Result")


class Stream(ABC):
    """Two directions of bytes, reliable and in order. One task may read while another writes."""

    _dropped = False

    async def write(self, data: Buffer, *, within: float = DEADLINE) -> None:
        """Send all of ``data``; waits while the peer does not read.

        Raises:
            TransportFailed: DEADLINE, CLOSED or STOPPED; the stream is dropped.
        """
        await self._bounded(self._write(data), within, "sending")

    async def read_exact(self, size: int, *, within: float = DEADLINE) -> bytes:
        """The next ``size`` bytes. Check ``size`` against a cap first: room is made for all of them.

        Raises:
            TransportFailed: DEADLINE, CLOSED, STOPPED, or ENDED when the peer finished before; the stream is dropped.
        """
        return await self._bounded(self._read_exact(size), within, "receiving") if size else b""

    async def read(self, most: int, *, within: float = DEADLINE) -> bytes:
        """At least one byte and at most ``most``; nothing when the peer has finished.

        Raises:
            TransportFailed: DEADLINE, CLOSED or STOPPED; the stream is dropped.
        """
        return await self._bounded(self._read(most), within, "receiving")

    async def finish(self, *, within: float = DEADLINE) -> None:
        """Say that nothing more will be written; what was written still arrives.

        Raises:
            TransportFailed: DEADLINE, CLOSED or STOPPED; the stream is dropped.
        """
        await self._bounded(self._finish(), within, "finishing")

    async def stop(self) -> None:
        """Drop the stream: unread bytes are thrown away, the peer's writes fail, and its reads too unless `finish` was
        called here before. Never raises."""
        if not self._dropped:
            self._dropped = True
            self._drop()

    async def _bounded(self, work: Coroutine[Any, Any, _Result], within: float, what: str) -> _Result:
        if self._dropped:
            work.close()
            raise TransportFailed(Reason.STOPPED, f"{what}: this stream was dropped before")
        try:
            async with asyncio.timeout(within):
                return await work
        except TimeoutError:
            await self.stop()
            raise TransportFailed(Reason.DEADLINE, f"{what}: not done within {within:g} seconds") from None
        except BaseException:
            await self.stop()
            raise

    @abstractmethod
    async def _write(self, data: Buffer) -> None: ...

    @abstractmethod
    async def _read_exact(self, size: int) -> bytes: ...

    @abstractmethod
    async def _read(self, most: int) -> bytes: ...

    @abstractmethod
    async def _finish(self) -> None: ...

    @abstractmethod
    def _drop(self) -> None: ...


class Connection(ABC):
    """An authenticated connection: ``peer`` holds the private key of its id, and both speak ``protocol``."""

    peer: str
    protocol: bytes

    @abstractmethod
    async def open_stream(self, *, within: float = DEADLINE) -> Stream:
        """A new stream. The peer sees it with the first byte that is written.

        Raises:
            TransportFailed: DEADLINE or CLOSED.
        """

    @abstractmethod
    async def accept_stream(self, *, within: float = DEADLINE) -> Stream:
        """The next stream that the peer opened; a deadline that passes harms nothing.

        Raises:
            TransportFailed: DEADLINE or CLOSED.
        """

    @abstractmethod
    async def close(self) -> None:
        """End the connection; bytes on their way may be lost. Never raises."""

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether it has ended, here or there, as far as this side knows."""

    @abstractmethod
    def round_trip(self) -> float | None:
        """The estimated time to the peer and back, in seconds, where it is known."""


class Transport(ABC):
    """One end that can be reached. ``id`` is its public key, 64 hexadecimal digits: a transport key, no identity."""

    id: str

    @abstractmethod
    def address(self) -> Address:
        """Where it can be reached now."""

    @abstractmethod
    async def connect(self, address: Address, protocol: bytes, *, within: float = DEADLINE) -> Connection:
        """A new connection to exactly this peer.

        Raises:
            TransportFailed: UNREACHABLE, REFUSED (not always told apart), DEADLINE, CLOSED or INPUT.
        """

    @abstractmethod
    async def accept(self, *, within: float = DEADLINE) -> Connection:
        """The next connection that a peer made; a deadline that passes harms nothing.

        Raises:
            TransportFailed: DEADLINE, or CLOSED once `close` was called.
        """

    @abstractmethod
    async def close(self) -> None:
        """End every connection and stop listening. Never raises."""
