"""A peer that falls silent at any moment: whoever talks to it comes to an end, on either side of every protocol.

Virtual time finds an await without a deadline at once: nothing is left that could happen, and the loop says so.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from decoders import COMMONS, LATER, NODE, NOW, RULES, _at_once, _charter, _ticket

from compute_mesh import blobs
from compute_mesh.blobs.fetching import Fetch
from compute_mesh.blobs.messages import Request, Status
from compute_mesh.blobs.providers import Provider
from compute_mesh.blobs.service import BlobService
from compute_mesh.blobs.shelf import HomeShelf
from compute_mesh.ledger import messages
from compute_mesh.ledger.replica import Replica, commons_tag
from compute_mesh.ledger.session import answer, ask
from compute_mesh.peers import exchange, joining
from compute_mesh.peers.announcement import announce
from compute_mesh.peers.book import PeerBook
from compute_mesh.transport.address import Address
from compute_mesh.transport.interface import Connection
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from compute_mesh.transport.memory.weather import Weather
from substrate.record.checkpoint import log_origin
from substrate.record.keys import Signer
from substrate.record.pieces import SMALL_PIECE
from substrate.store.database import Database
from substrate.store.errors import HomeError
from substrate.store.ledger import Ledger
from substrate.store.partial import Partial
from substrate.store.pieced import PiecedBlobs

#: Half a round trip takes this long, so that every step of a conversation has a moment of its own.
STEP = 0.05
#: Steps at which the peer may vanish; conversations are over before the last.
MOMENTS = range(0, 16, 1)
MOST = 400.0

Side = Callable[[Connection, Path], Awaitable[Any]]


def _replica(folder: Path) -> Replica:
    folder.mkdir(parents=True, exist_ok=True)
    store = Ledger(Database(folder / "ledger.sqlite3", create=True), NODE, log_origin(NODE.did, "0" * 16))
    with store.write() as writer:
        writer.add(_charter())
    return Replica(store, commons_tag(COMMONS, "0" * 64), lambda did: True)


def _book(folder: Path, own: str) -> PeerBook:
    folder.mkdir(parents=True, exist_ok=True)
    return PeerBook(folder, own, COMMONS)


def _own(connection: Any, label: str) -> Any:
    transport = Signer(label.encode().ljust(32, b"-"))
    return announce(NODE, transport, COMMONS, Address(transport.public.hex()), NOW, LATER, None)


async def _ledger_asks(connection: Connection, folder: Path) -> None:
    replica = _replica(folder)
    with replica.ledger.write() as writer:  # Something that the other side lacks, so that both sides take turns.
        writer.add(_other_document())
    await ask(await connection.open_stream(), replica, _at_once)


async def _ledger_answers(connection: Connection, folder: Path) -> None:
    await answer(await connection.accept_stream(), _replica(folder), _at_once)


def _other_document() -> Any:
    from substrate.record.documents import write_document

    urn = "urn:uuid:" + "1" * 8 + "-0000" * 3 + "-" + "1" * 12
    return write_document("Simulated", urn, COMMONS, {}, NODE, NOW)


async def _peer_asks(connection: Connection, folder: Path) -> None:
    own = _own(connection, "asker")
    await exchange.introduce(await connection.open_stream(), own, _book(folder, "x"), NOW, connection.peer)


async def _peer_answers(connection: Connection, folder: Path) -> None:
    own = _own(connection, "answerer")
    await exchange.be_introduced(await connection.accept_stream(), own, _book(folder, "y"), NOW, connection.peer)


async def _joiner_asks(connection: Connection, folder: Path) -> None:
    await joining.ask_in(await connection.open_stream(), _ticket(), _own(connection, "asker"))


async def _joiner_answers(connection: Connection, folder: Path) -> None:
    async def decide(asking: Any) -> str:
        return "admitted"

    own = _own(connection, "answerer")
    await joining.let_in(await connection.accept_stream(), connection.peer, _charter(), own, decide)


async def _blob_asks(connection: Connection, folder: Path) -> None:
    partial = Partial(PiecedBlobs(folder / "pieced"), ROOTS[0])

    async def connect() -> Connection:
        return connection

    try:
        await Fetch(partial, [Provider(connection.peer, connect)], most_bytes=1 << 30).run()
    finally:
        partial.close()


async def _blob_answers(connection: Connection, folder: Path) -> None:
    (folder / "given").parent.mkdir(parents=True, exist_ok=True)
    (folder / "given").write_bytes(bytes(3 * SMALL_PIECE))
    ROOTS[:] = [PiecedBlobs(folder / "pieced").put(folder / "given").root]
    service = BlobService(HomeShelf(folder), _everybody)
    await service.serve(connection)


async def _everybody(peer: str, request: Request) -> Status:
    return Status.OK


ROOTS = ["0" * 64]
PROTOCOLS: dict[bytes, tuple[Side, Side]] = {
    messages.PROTOCOL: (_ledger_asks, _ledger_answers),
    exchange.PROTOCOL: (_peer_asks, _peer_answers),
    joining.PROTOCOL: (_joiner_asks, _joiner_answers),
    blobs.PROTOCOL: (_blob_asks, _blob_answers),
}


async def _one(folder: Path, protocol: bytes, victim: str, moment: int) -> float:
    """One conversation whose other side vanishes after ``moment`` steps; how long the victim took to end."""
    network = Network(1, Weather(delay=STEP, patience=30))
    asker, answerer = MemoryTransport(network, "asker", []), MemoryTransport(network, "answerer", [protocol])
    made = await asker.connect(answerer.address(), protocol)
    taken = await answerer.accept()
    asks, answers = PROTOCOLS[protocol]
    sides = {"answerer": answers(taken, folder / "answerer"), "asker": asks(made, folder / "asker")}
    tasks = {label: asyncio.create_task(_quietly(side)) for label, side in sides.items()}
    loop = asyncio.get_running_loop()
    begun = loop.time()
    other = "asker" if victim == "answerer" else "answerer"
    await asyncio.sleep(moment * STEP + 0.01)
    tasks[other].cancel()
    network.kill(network.name(other))
    async with asyncio.timeout(MOST):
        await tasks[victim]
    return loop.time() - begun


async def _quietly(side: Awaitable[Any]) -> None:
    try:
        await side
    except (*RULES, HomeError):
        pass  # It ended, and said why.


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda name: name.decode())
@pytest.mark.parametrize("victim", ["asker", "answerer"])
def test_nobody_waits_for_ever(tmp_path: Path, protocol: bytes, victim: str) -> None:
    took = [run_virtually(_one(tmp_path / str(n), protocol, victim, n)) for n in MOMENTS]
    assert max(took) < MOST
