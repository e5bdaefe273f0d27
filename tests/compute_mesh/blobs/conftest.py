"""Blobs on nodes of an in-memory network, some of which lie, stall or break off."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compute_mesh.blobs import PROTOCOL
from compute_mesh.blobs.fetching import Fetch
from compute_mesh.blobs.messages import Request, Status
from compute_mesh.blobs.outcomes import Fetched
from compute_mesh.blobs.providers import Misdeed, Provider
from compute_mesh.blobs.service import BlobService
from compute_mesh.blobs.shelf import HomeShelf
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from compute_mesh.transport.memory.weather import CALM, Weather
from compute_mesh.transport.serving import serve
from substrate.record.pieces import SMALL_PIECE
from substrate.store.partial import Partial
from substrate.store.pieced import PiecedBlobs


class Mesh:
    """Nodes by label; each has a home below one folder."""

    def __init__(self, folder: Path, weather: Weather = CALM, seed: int = 1) -> None:
        self.folder = folder
        self.network = Network(seed, weather)
        self.misdeeds: list[Misdeed] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.services: dict[str, BlobService] = {}
        self.nodes: dict[str, MemoryTransport] = {}
        self._reader: MemoryTransport | None = None

    def blobs(self, label: str) -> PiecedBlobs:
        """The large blobs of a node."""
        return PiecedBlobs(self.folder / label / "pieced")

    def put(self, label: str, data: bytes) -> str:
        """Give a node a blob; returns the root."""
        source = self.folder / "given.bin"
        source.write_bytes(data)
        return self.blobs(label).put(source).root

    def serve(self, label: str, shelf: Any = None, handler: Any = None, rate: float = 0.0) -> Provider:
        """Let a node serve what it has, or whatever ``handler`` does with a connection."""
        node = MemoryTransport(self.network, label, [PROTOCOL])
        shelf = shelf or HomeShelf(self.folder / label)
        self.services[label] = BlobService(shelf, permitted, bytes_per_second=rate)
        self.nodes[label] = node
        task = asyncio.create_task(serve(node, {PROTOCOL: handler or self.services[label].serve}))
        self.tasks.append(task)
        return self.provider(label)

    def provider(self, label: str) -> Provider:
        """How the reader reaches a node."""
        node = self.nodes[label]
        reader = self._reader = self._reader or MemoryTransport(self.network, "reader", [])
        return Provider(node.id, lambda: reader.connect(node.address(), PROTOCOL))

    async def fetch(self, root: str, *providers: Provider, most: int = 1 << 30, **more: Any) -> Fetched:
        """Fetch into the home of ``reader``."""
        partial = Partial(self.blobs("reader"), root)
        fetch = Fetch(partial, providers, most_bytes=most, on_misdeed=self.misdeeds.append, **more)
        return await fetch.run()

    def got(self, root: str) -> bytes:
        """What the reader has."""
        return (self.blobs("reader").path(root) / "data").read_bytes()

    def label_of(self, peer: str) -> str:
        """Whose transport key that is."""
        return next(label for label, node in self.nodes.items() if node.id == peer)


async def permitted(peer: str, request: Request) -> Status:
    return Status.OK


class LyingShelf(HomeShelf):
    """Changes one byte of some pieces."""

    def __init__(self, home: Path, *lies: int) -> None:
        super().__init__(home)
        self._lies = lies

    def piece(self, root: str, number: int) -> bytes:
        data = super().piece(root, number)
        return data if number not in self._lies else data[:-1] + bytes([data[-1] ^ 1])


@pytest.fixture
def lying() -> Any:
    return LyingShelf


@pytest.fixture
def data() -> bytes:
    """Eleven pieces, the last one short."""
    return random.Random(5).randbytes(10 * SMALL_PIECE + 999)


@pytest.fixture
def on_a_mesh(tmp_path: Path) -> Callable[..., None]:
    """Runs a test on a mesh, in virtual time; half a virtual hour must be enough."""

    def run(test: Any, weather: Weather = CALM) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(1800):
                await test(Mesh(tmp_path, weather))

        run_virtually(bounded())

    return run
