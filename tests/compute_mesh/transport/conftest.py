"""Two ends of each transport, and a way to run on its clock."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from compute_mesh.transport.interface import Transport
from compute_mesh.transport.iroh.endpoint import IrohTransport
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from compute_mesh.transport.memory.weather import Weather

PROTOCOL = b"lecs/test/1"
ROUGH = Weather(delay=0.03, jitter=0.05, loss=0.1, duplicates=0.1, packet=1000)


class Kind:
    """A transport: how its ends are made, and on which clock its tests run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.network: Network | None = None

    def run(self, test: Callable[[], Awaitable[None]]) -> None:
        """Run a test; half a minute of its own clock must be enough."""

        async def bounded() -> None:
            async with asyncio.timeout(60):
                await test()

        if self.name == "iroh":
            asyncio.run(bounded())
        else:
            self.network = Network(7, ROUGH if self.name == "rough" else Weather())
            run_virtually(bounded())

    async def open(self, label: str, protocols: tuple[bytes, ...] = (PROTOCOL,)) -> Transport:
        """An end."""
        if self.network is not None:
            return MemoryTransport(self.network, label, protocols)
        return await IrohTransport.open(hashlib.sha256(label.encode()).digest(), protocols)

    @asynccontextmanager
    async def pair(self) -> Any:
        """A connection: the side that made it, and the side that took it."""
        ours, theirs = await self.open("ours"), await self.open("theirs")
        try:
            made = await ours.connect(theirs.address(), PROTOCOL)
            taken = await theirs.accept()
            yield made, taken
        finally:
            await ours.close()
            await theirs.close()

    @asynccontextmanager
    async def stream(self) -> Any:
        """Both ends of a stream on which one byte has passed."""
        async with self.pair() as (made, taken):
            here = await made.open_stream()
            await here.write(b"!")
            there = await taken.accept_stream()
            assert await there.read_exact(1) == b"!"
            yield here, there


@pytest.fixture(params=["iroh", "memory", "rough"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(request.param)
