"""An iroh endpoint that listens where it was told to and nowhere else; no relays, no look-ups, unless asked for.

The library sends one UPnP search to the local network when an endpoint opens, on whatever address it listens; the
binding has no switch for it. So an endpoint is opened by `invite` or `join`, never before.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import iroh

from compute_mesh.transport.address import Address, check_address, check_host_and_port
from compute_mesh.transport.failures import Malformed, Reason, TransportFailed
from compute_mesh.transport.interface import DEADLINE, MOST_WAITING, Connection, Transport
from compute_mesh.transport.iroh.copying import install
from compute_mesh.transport.iroh.failing import named
from compute_mesh.transport.iroh.streams import IrohConnection, keep, taken

LOOPBACK: Final = ("127.0.0.1:0", "[::1]:0")
#: Seconds that a stranger's handshake may take, and how many may be going on.
_HANDSHAKE: Final = 10.0
_MOST_HANDSHAKES: Final = 64
#: Closing takes three seconds after attempts to reach a dead peer.
_CLOSING: Final = 4.0


class IrohTransport(Transport):
    """See `Transport`; made by `open`."""

    def __init__(self, endpoint: iroh.Endpoint, *, copies_fast: bool) -> None:
        """``endpoint`` is bound; ``copies_fast`` says whether the self-test of the byte copy passed."""
        self.id = endpoint.id().to_bytes().hex()
        self.copies_fast = copies_fast
        self._endpoint = endpoint
        self._arrived: asyncio.Queue[Connection | None] = asyncio.Queue()
        self._handshakes = 0
        self._connections: dict[IrohConnection, None] = {}
        self._taking = keep(self._take_connections())
        self._is_closed = False

    @classmethod
    async def open(
        cls, secret: bytes, protocols: Sequence[bytes], *, bind: Sequence[str] = LOOPBACK, relays: Sequence[str] = ()
    ) -> "IrohTransport":
        """Listen on ``bind`` for ``protocols``.

        Args:
            secret: 32 bytes, the seed of the transport key.
            protocols: names of the protocols that peers may speak, each at most 255 bytes.
            bind: ``host:port`` pairs, port 0 for any; at most one IPv4 and one IPv6 address.
            relays: https addresses; none by default.

        Raises:
            TransportFailed: INPUT: an address is none, or something else listens there.
        """
        copies_fast = install()
        make: Callable[[], iroh.EndpointBuilder] = iroh.EndpointBuilder
        builder = make()
        places = both_families(bind)
        try:
            builder.apply_minimal()
            builder.relay_mode(iroh.RelayMode.custom_from_urls(list(relays)) if relays else iroh.RelayMode.disabled())
            builder.secret_key(secret)
            builder.alpns(list(protocols))
            for place in places:
                builder.bind_addr(place)
            async with asyncio.timeout(DEADLINE):
                endpoint = await builder.bind()
        except (iroh.IrohError, TimeoutError):
            # The library does not say which; what it was given is known to be well-formed.
            sentence = f"listening on {', '.join(places)}: not possible: is the address of this machine, and free?"
            raise TransportFailed(Reason.INPUT, sentence) from None
        return cls(endpoint, copies_fast=copies_fast)

    def address(self) -> Address:
        """See `Transport`."""
        found = self._endpoint.addr()
        return Address(self.id, tuple(found.direct_addresses()), found.relay_url())

    async def connect(self, address: Address, protocol: bytes, *, within: float = DEADLINE) -> Connection:
        """See `Transport`."""
        if self._is_closed:
            raise TransportFailed(Reason.CLOSED, "connecting: this transport is closed")
        try:
            check_address(address)
            async with asyncio.timeout(within):
                with named("connecting"):
                    peer = iroh.EndpointId.from_bytes(bytes.fromhex(address.peer))
                    target = iroh.EndpointAddr(peer, address.relay, list(address.direct))
                    return self._known(await self._endpoint.connect(target, protocol))
        except TimeoutError:
            raise TransportFailed(Reason.DEADLINE, f"connecting: nobody answered within {within:g} seconds") from None
        except Malformed as error:
            raise TransportFailed(Reason.INPUT, f"connecting: {error}") from None

    async def accept(self, *, within: float = DEADLINE) -> Connection:
        """See `Transport`."""
        found: Connection = await taken(self._arrived, within, "a connection")
        return found

    async def close(self) -> None:
        """See `Transport`."""
        if self._is_closed:
            return
        self._is_closed = True
        self._arrived.put_nowait(None)
        for connection in list(self._connections):
            await connection.close()
        try:
            async with asyncio.timeout(_CLOSING):
                await self._endpoint.close()
        except (iroh.IrohError, TimeoutError):
            pass  # The process is about to let go of it anyway.
        self._taking.cancel()

    def _known(self, found: iroh.Connection) -> IrohConnection:
        """A connection that ends with this transport."""
        for old in [one for one in self._connections if one.closed]:
            del self._connections[old]
        connection = IrohConnection(found)
        self._connections[connection] = None
        return connection

    async def _take_connections(self) -> None:
        try:
            while (incoming := await self._endpoint.accept_next()) is not None:
                if self._handshakes >= _MOST_HANDSHAKES or self._arrived.qsize() >= MOST_WAITING:
                    await incoming.refuse()
                else:
                    self._handshakes += 1
                    keep(self._greet(incoming))
        except iroh.IrohError:
            pass
        self._arrived.put_nowait(None)

    async def _greet(self, incoming: iroh.Incoming) -> None:
        try:
            async with asyncio.timeout(_HANDSHAKE):
                accepting = await incoming.accept()
                self._arrived.put_nowait(self._known(await accepting.connect()))
        except (iroh.IrohError, TimeoutError):
            pass  # A stranger who could not say who it is.
        finally:
            self._handshakes -= 1


def both_families(bind: Sequence[str]) -> list[str]:
    """``bind``, and loopback for the family that is not named: the library would listen everywhere on it.

    Raises:
        TransportFailed: INPUT.
    """
    try:
        versions = [check_host_and_port(place)[0].version for place in bind]
    except Malformed as error:
        raise TransportFailed(Reason.INPUT, f"listening: {error}") from None
    if not bind or len(set(versions)) != len(versions):
        raise TransportFailed(Reason.INPUT, "listening: one address of each family at most, and one of them at least")
    return [*bind, *(place for place, version in zip(LOOPBACK, (4, 6), strict=True) if version not in versions)]
