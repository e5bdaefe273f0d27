"""A transport inside a `Network`."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from compute_mesh.transport.address import Address
from compute_mesh.transport.failures import Reason, TransportFailed
from compute_mesh.transport.interface import DEADLINE, MOST_WAITING, Connection, Transport
from compute_mesh.transport.memory.network import Network, Packet
from compute_mesh.transport.memory.streams import CONTROL_BYTES, MemoryConnection, Waiting, deadline


class MemoryTransport(Transport):
    """See `Transport`. It is there from its making until `close` or `Network.kill`."""

    def __init__(self, network: Network, label: str, protocols: Sequence[bytes]) -> None:
        """``label`` stands for the key: the same label is the same peer."""
        self.network = network
        self.id = network.name(label)
        self._protocols = tuple(protocols)
        self._arrived: deque[MemoryConnection] = deque()
        self._made: list[MemoryConnection] = []
        self._changed = Waiting()
        self._closed = False
        network.listeners[self.id] = self

    def address(self) -> Address:
        """See `Transport`."""
        return Address(self.id, ("memory:0",))

    async def connect(self, address: Address, protocol: bytes, *, within: float = DEADLINE) -> Connection:
        """See `Transport`."""
        if self._closed:
            raise TransportFailed(Reason.CLOSED, "connecting: this transport is closed")
        connection = MemoryConnection(self, address.peer, protocol)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        hello = Packet(
            self.id, address.peer, CONTROL_BYTES, lambda: self._hello(connection, answer),
            lambda: _fail(answer, Reason.UNREACHABLE, "nobody answers"), lambda: not answer.done(),
        )  # fmt: skip
        self.network.send(hello)
        try:
            async with deadline(within, "connecting"):
                await answer
        except BaseException:
            answer.cancel()
            raise
        return self._known(connection)

    async def accept(self, *, within: float = DEADLINE) -> Connection:
        """See `Transport`."""
        async with deadline(within, "waiting for a connection"):
            while not self._arrived:
                if self._closed:
                    raise TransportFailed(Reason.CLOSED, "waiting for a connection: this transport is closed")
                await self._changed.change()
        return self._arrived.popleft()

    async def close(self) -> None:
        """See `Transport`."""
        self._closed = True
        for connection in self._made:
            await connection.close()
        self.network.kill(self.id)
        self._changed.tell()

    def _hello(self, caller: MemoryConnection, answer: "asyncio.Future[None]") -> None:
        """Runs when the caller's first packet has arrived at the other node."""
        target = self.network.listeners.get(caller.peer)
        if isinstance(target, MemoryTransport):
            target.on_hello(caller, answer)

    def on_hello(self, caller: MemoryConnection, answer: "asyncio.Future[None]") -> None:
        """Somebody wants a connection; a second copy of the same packet changes nothing."""
        if caller.twin is not None:
            return
        if caller.protocol not in self._protocols:
            self._reply(caller, lambda: _fail(answer, Reason.REFUSED, "the peer does not speak this protocol"), answer)
        elif self._closed or len(self._arrived) >= MOST_WAITING:
            self._reply(caller, lambda: _fail(answer, Reason.REFUSED, "the peer takes no more connections"), answer)
        else:
            mine = MemoryConnection(self, caller.transport.id, caller.protocol)
            mine.twin, caller.twin = caller, mine
            self._arrived.append(self._known(mine))
            self._changed.tell()
            self._reply(caller, lambda: None if answer.done() else answer.set_result(None), answer)

    def _reply(self, caller: MemoryConnection, deliver: Callable[[], None], answer: "asyncio.Future[None]") -> None:
        wanted = lambda: not answer.done()  # noqa: E731
        self.network.send(Packet(self.id, caller.transport.id, CONTROL_BYTES, deliver, _nothing, wanted))

    def _known(self, connection: MemoryConnection) -> MemoryConnection:
        """A connection that ends with this transport."""
        self._made = [one for one in self._made if not one.closed]
        self._made.append(connection)
        return connection


def _nothing() -> None:
    """Nobody waits for this packet but its receiver."""


def _fail(answer: "asyncio.Future[None]", reason: Reason, sentence: str) -> None:
    if not answer.done():
        answer.set_exception(TransportFailed(reason, f"connecting: {sentence}"))
