"""Simulated nodes: each has a real ledger and real blobs in a folder, and speaks the real protocols."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from compute_mesh.blobs import PROTOCOL as BLOBS
from compute_mesh.blobs.fetching import Fetch
from compute_mesh.blobs.messages import Request, Status
from compute_mesh.blobs.outcomes import NoProvider
from compute_mesh.blobs.providers import Misdeed, Provider
from compute_mesh.blobs.service import BlobService
from compute_mesh.blobs.shelf import HomeShelf
from compute_mesh.ledger.messages import PROTOCOL as LEDGER
from compute_mesh.ledger.replica import OverQuota, Replica, commons_tag
from compute_mesh.ledger.session import PeerLied, PeerRefused, answer, ask
from compute_mesh.simulator.witness import Witness
from compute_mesh.transport.failures import TransportFailed
from compute_mesh.transport.interface import Connection, Stream
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from compute_mesh.transport.serving import serve, serve_streams
from substrate.record.checkpoint import log_origin
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer
from substrate.store.database import Database
from substrate.store.ledger import Ledger
from substrate.store.partial import Partial
from substrate.store.pieced import FOLDER, PiecedBlobs

#: A kind that no fold knows: it is kept and passed on like any other public statement.
KIND: Final = "Simulated"
COMMONS: Final = "urn:lecs:commons:" + "51" * 16
_TIME: Final = "2026-11-01T00:00:00Z"
_TAG: Final = commons_tag(COMMONS, "0" * 64)
_Result = TypeVar("_Result")


async def at_once(work: Callable[[], _Result]) -> _Result:
    """What takes a thread elsewhere is done now: virtual time does not pass meanwhile."""
    return work()


async def _everybody(peer: str, request: Request) -> Status:
    return Status.OK


class Node:
    """An honest node."""

    def __init__(self, network: Network, folder: Path, label: str, seed: int) -> None:
        """``folder`` is made here; the key follows from ``seed`` and ``label``."""
        self.label, self.folder = label, folder / label
        self.signer = Signer(hashlib.sha256(f"{seed}/{label}".encode()).digest())
        self.origin = log_origin(self.signer.did, hashlib.sha256(label.encode()).hexdigest()[:16])
        self.folder.mkdir(parents=True)
        self.ledger = self._new_ledger("ledger.sqlite3")
        self.replica = Replica(self.ledger, _TAG, lambda did: True)
        self.transport = MemoryTransport(network, f"{seed}/{label}", [LEDGER, BLOBS])
        self.blobs = PiecedBlobs(self.folder / FOLDER)
        self.service = BlobService(self._shelf(), _everybody)
        #: Peers that broke a rule towards this node, by what they did.
        self.lied: list[tuple[str, str]] = []
        self.misdeeds: list[Misdeed] = []
        self.fetched: set[str] = set()
        self._written = 0

    def write(self, count: int) -> None:
        """Log so many new documents of its own."""
        self._log(self.ledger, [self._document(f"{self._written + n}") for n in range(count)])
        self._written += count

    async def serve(self) -> None:
        """Answer peers until the transport closes."""
        await serve(self.transport, {LEDGER: self._serve_ledger, BLOBS: self.service.serve})

    async def meet(self, other: "Node") -> None:
        """Begin one session of ledger sync."""
        try:
            connection = await self.transport.connect(other.transport.address(), LEDGER)
        except TransportFailed:
            return
        try:
            await ask(await connection.open_stream(), self._replica_for(connection.peer), at_once)
        except PeerLied as lie:
            self.lied.append((connection.peer, lie.rule))
        except (PeerRefused, OverQuota, TransportFailed):
            pass
        finally:
            await connection.close()

    async def fetch(self, root: str, providers: list["Node"], witness: Witness) -> None:
        """Fetch a blob; what it is worth shows in `fetched` and `misdeeds`."""

        def provider(other: "Node") -> Provider:
            async def connect() -> Connection:
                return witness.watch(await self.transport.connect(other.transport.address(), BLOBS))

            return Provider(other.transport.id, connect)

        partial = Partial(self.blobs, root)
        fetch = Fetch(partial, [provider(o) for o in providers], most_bytes=1 << 24, on_misdeed=self.misdeeds.append)
        try:
            await fetch.run()
            self.fetched.add(root)
        except NoProvider:
            return

    def state(self) -> str:
        """A digest of all that must be equal everywhere: every document's bytes, every log's head, every fork."""
        digest = hashlib.sha256(self.replica.state().digest)
        for document in self.ledger.documents():
            digest.update(document.raw)
        digest.update("\n".join(self.replica.forks()).encode("ascii"))
        return digest.hexdigest()

    def close(self) -> None:
        """Let go of the database."""
        self.ledger.database.close()

    def _new_ledger(self, name: str) -> Ledger:
        return Ledger(Database(self.folder / name, create=True), self.signer, self.origin)

    def _shelf(self) -> HomeShelf:
        return HomeShelf(self.folder)

    def _replica_for(self, peer: str) -> Replica:
        return self.replica

    def _document(self, number: str) -> Document:
        name = hashlib.sha256(f"{self.origin}/{number}".encode()).hexdigest()
        urn = f"urn:uuid:{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:32]}"
        return write_document(KIND, urn, COMMONS, {"number": number}, self.signer, _TIME)

    @staticmethod
    def _log(ledger: Ledger, documents: list[Document]) -> None:
        with ledger.write() as writer:
            for document in documents:
                writer.add(document)

    async def _serve_ledger(self, connection: Connection) -> None:
        async def one(stream: Stream) -> None:
            try:
                await answer(stream, self._replica_for(connection.peer), at_once)
                await stream.finish()
            except PeerLied as lie:
                self.lied.append((connection.peer, lie.rule))
            except (PeerRefused, OverQuota):
                pass

        await serve_streams(connection, one)


class Forker(Node):
    """Signs two histories of its log: one half of its peers is shown the one, the rest the other."""

    def __init__(self, network: Network, folder: Path, label: str, seed: int) -> None:
        """Both histories begin alike."""
        super().__init__(network, folder, label, seed)
        self._other = self._new_ledger("other.sqlite3")
        self._other_replica = Replica(self._other, _TAG, lambda did: True)
        shared = [self._document("shared")]
        for ledger in (self.ledger, self._other):
            self._log(ledger, shared)

    def write(self, count: int) -> None:
        """Something else in each history."""
        for side, ledger in (("left", self.ledger), ("right", self._other)):
            self._log(ledger, [self._document(f"{side} {self._written + n}") for n in range(count)])
        self._written += count

    def close(self) -> None:
        """See `Node`."""
        super().close()
        self._other.database.close()

    def _replica_for(self, peer: str) -> Replica:
        return self.replica if int(peer, 16) % 2 else self._other_replica


class PieceLiar(Node):
    """Serves other bytes for a share of the pieces, the same ones to the same peer each time."""

    share = 0.3

    def _shelf(self) -> HomeShelf:
        return _LyingShelf(self.folder, self.label, self.share)


class _LyingShelf(HomeShelf):
    def __init__(self, home: Path, label: str, share: float) -> None:
        super().__init__(home)
        self._label, self._share = label, share

    def piece(self, root: str, number: int) -> bytes:
        data = super().piece(root, number)
        drawn = hashlib.sha256(f"{self._label}/{root}/{number}".encode()).digest()[0] / 256
        return data[:-1] + bytes([data[-1] ^ 1]) if drawn < self._share else data
