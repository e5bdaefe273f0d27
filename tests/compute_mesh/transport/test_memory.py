"""The in-memory network: it repeats itself for a seed, and does what its weather says."""

import asyncio
import hashlib
from typing import Any

import pytest

from compute_mesh.transport.failures import Reason, TransportFailed
from compute_mesh.transport.memory.clock import Stalled, run_virtually
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from compute_mesh.transport.memory.weather import Weather

PROTOCOL = b"x"
STORM = Weather(delay=0.05, jitter=0.2, loss=0.2, duplicates=0.2, packet=500)


async def _talk(network: Network, nodes: int = 6) -> tuple[str, float]:
    """Everybody sends everybody something; a digest of who got what when, and how long it took."""
    ends = [MemoryTransport(network, str(number), [PROTOCOL]) for number in range(nodes)]
    seen = hashlib.sha256()
    loop = asyncio.get_running_loop()

    async def listen(end: MemoryTransport) -> None:
        for _ in range(nodes - 1):
            connection = await end.accept(within=600)
            stream = await connection.accept_stream(within=600)
            data = await stream.read_exact(3000, within=600)
            seen.update(f"{end.id} {connection.peer} {loop.time():.9f} {hashlib.sha256(data).hexdigest()}".encode())

    async def speak(end: MemoryTransport, other: MemoryTransport) -> None:
        connection = await end.connect(other.address(), PROTOCOL, within=600)
        stream = await connection.open_stream(within=600)
        await stream.write(bytes.fromhex(end.id) * 94, within=600)
        await stream.finish(within=600)

    pairs = [(a, b) for a in ends for b in ends if a is not b]
    await asyncio.gather(*(listen(end) for end in ends), *(speak(a, b) for a, b in pairs))
    return seen.hexdigest(), loop.time()


def test_the_same_seed_gives_the_same_run_and_another_one_another() -> None:
    runs = [run_virtually(_talk(Network(seed, STORM))) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_weather_does_what_it_says() -> None:
    network = Network(1, STORM)
    run_virtually(_talk(network))
    assert 0.1 < network.counts.lost / network.counts.sent < 0.3
    assert 0.1 < network.counts.doubled / network.counts.sent < 0.3
    calm = Network(1)
    _, took = run_virtually(_talk(calm))
    assert calm.counts.lost == calm.counts.doubled == 0
    assert took < 1


def test_an_hour_passes_at_once_and_in_order() -> None:
    order: list[int] = []

    async def after(seconds: int) -> None:
        await asyncio.sleep(seconds)
        order.append(seconds)

    async def test() -> float:
        await asyncio.gather(*(after(seconds) for seconds in (3600, 5, 60)))
        return asyncio.get_running_loop().time()

    assert run_virtually(test()) == pytest.approx(3600)
    assert order == [5, 60, 3600]


def test_an_await_without_a_deadline_is_found() -> None:
    async def test() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stalled):
        run_virtually(test())


async def _connected(network: Network) -> tuple[Any, Any, Any, Any]:
    a, b = MemoryTransport(network, "a", [PROTOCOL]), MemoryTransport(network, "b", [PROTOCOL])
    made = await a.connect(b.address(), PROTOCOL)
    return a, b, made, await b.accept()


def test_nothing_passes_a_partition_and_what_waited_passes_when_it_heals() -> None:
    async def test() -> None:
        network = Network(1)
        a, b, made, taken = await _connected(network)
        network.part([[a.id], [b.id]])
        with pytest.raises(TransportFailed) as caught:
            await a.connect(b.address(), PROTOCOL, within=3)
        assert caught.value.reason is Reason.DEADLINE
        stream = await made.open_stream()
        await stream.write(b"through")
        with pytest.raises(TransportFailed):
            await taken.accept_stream(within=3)
        network.heal()
        assert await (await taken.accept_stream(within=20)).read_exact(7) == b"through"

    run_virtually(test())


def test_a_long_partition_ends_the_connection_of_whoever_wrote() -> None:
    async def test() -> None:
        network = Network(1)
        a, b, made, _ = await _connected(network)
        network.part([[a.id], [b.id]])
        stream = await made.open_stream()
        await stream.write(b"lost")
        with pytest.raises(TransportFailed) as caught:
            await stream.read_exact(1, within=100)
        assert caught.value.reason is Reason.CLOSED
        assert asyncio.get_running_loop().time() == pytest.approx(30, abs=1)

    run_virtually(test())


def test_a_killed_node_says_nothing() -> None:
    async def test() -> None:
        network = Network(1)
        a, b, made, _ = await _connected(network)
        network.kill(b.id)
        assert not made.closed
        with pytest.raises(TransportFailed) as caught:
            await a.connect(b.address(), PROTOCOL, within=100)
        assert caught.value.reason is Reason.UNREACHABLE

    run_virtually(test())


def test_a_lie_changes_what_one_node_writes_and_nothing_else() -> None:
    async def test() -> None:
        network = Network(1)
        a, b, made, taken = await _connected(network)
        network.lie(a.id, lambda protocol, peer, piece: piece.replace(b"7", b"8") if peer == b.id else piece)
        here = await made.open_stream()
        await here.write(b"17")
        there = await taken.accept_stream()
        await there.write(b"77")
        assert await there.read_exact(2) == b"18"
        assert await here.read_exact(2) == b"77"
        network.lie(a.id, None)
        await here.write(b"7")
        assert await there.read_exact(1) == b"7"

    run_virtually(test())


def test_a_narrow_line_takes_its_time() -> None:
    async def test() -> None:
        _, _, made, taken = await _connected(Network(1, Weather(bytes_per_second=100_000)))
        here = await made.open_stream()
        begun = asyncio.get_running_loop().time()
        await here.write(bytes(500_000))
        await (await taken.accept_stream()).read_exact(500_000)
        assert asyncio.get_running_loop().time() - begun == pytest.approx(5, rel=0.1)

    run_virtually(test())
