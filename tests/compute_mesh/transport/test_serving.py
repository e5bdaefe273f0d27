"""The accept loop: by protocol, bounded per peer, and one bad peer ends nobody else."""

import asyncio
from typing import Any

import pytest

from compute_mesh.transport.failures import Malformed, TransportFailed
from compute_mesh.transport.frames import read_frame, write_frame
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from compute_mesh.transport.serving import MOST_PER_PEER, serve, serve_streams


async def _echo(stream: Any) -> None:
    data = await read_frame(stream)
    if data == b"bad":
        raise Malformed("a bad word")
    if data == b"bug":
        raise ValueError("secret")
    await write_frame(stream, data)
    await stream.finish()


async def _served(network: Network) -> tuple[MemoryTransport, "asyncio.Task[None]"]:
    transport = MemoryTransport(network, "server", [b"echo", b"unknown"])
    task = asyncio.create_task(serve(transport, {b"echo": lambda one: serve_streams(one, _echo)}))
    return transport, task


async def _ask(connection: Any, word: bytes) -> bytes:
    stream = await connection.open_stream()
    await write_frame(stream, word)
    return await read_frame(stream)


def test_a_stream_that_fails_ends_alone_and_its_reason_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        network = Network(1)
        server, task = await _served(network)
        connection = await MemoryTransport(network, "client", []).connect(server.address(), b"echo")
        for word in (b"bad", b"bug"):
            with pytest.raises(TransportFailed):
                await _ask(connection, word)
        assert await _ask(connection, b"good") == b"good"
        await server.close()
        await task

    run_virtually(test())
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_one_peer_cannot_take_every_place() -> None:
    async def test() -> None:
        network = Network(1)
        server, _ = await _served(network)
        greedy = MemoryTransport(network, "greedy", [])
        held = [await greedy.connect(server.address(), b"echo") for _ in range(MOST_PER_PEER + 1)]
        await asyncio.sleep(1)
        assert [one.closed for one in held] == [False] * MOST_PER_PEER + [True]
        other = await MemoryTransport(network, "other", []).connect(server.address(), b"echo")
        assert await _ask(other, b"hello") == b"hello"
        unknown = await greedy.connect(server.address(), b"unknown")
        await asyncio.sleep(1)
        assert unknown.closed
        await server.close()

    run_virtually(test())
