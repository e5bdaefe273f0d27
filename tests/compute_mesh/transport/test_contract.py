"""What every transport promises. The in-memory one is tried in calm and in rough weather."""

import asyncio
import random
from typing import Any

import pytest

from compute_mesh.transport.address import Address
from compute_mesh.transport.failures import Malformed, Reason, TransportFailed
from compute_mesh.transport.frames import read_frame, read_frame_or_end, write_frame

PROTOCOL = b"lecs/test/1"


async def failing(work: Any) -> Reason:
    """Why ``work`` fails."""
    with pytest.raises(TransportFailed) as caught:
        await work
    assert str(caught.value)
    return caught.value.reason


def test_each_side_knows_the_others_key(kind: Any) -> None:
    async def test() -> None:
        ours, theirs = await kind.open("ours"), await kind.open("theirs")
        made = await ours.connect(theirs.address(), PROTOCOL)
        taken = await theirs.accept()
        assert (made.peer, taken.peer) == (theirs.id, ours.id)
        assert ours.id != theirs.id
        assert made.protocol == taken.protocol == PROTOCOL
        assert not made.closed
        await ours.close()
        await theirs.close()

    kind.run(test)


def test_bytes_arrive_in_both_directions_whole_and_in_order(kind: Any) -> None:
    data = random.Random(3).randbytes(3 << 20)

    async def test() -> None:
        async with kind.stream() as (here, there):

            async def send(stream: Any, what: bytes) -> None:
                await stream.write(memoryview(what), within=50)
                await stream.finish()

            sent = asyncio.gather(send(here, data), send(there, data[::-1]))
            assert await there.read_exact(len(data), within=50) == data
            assert await here.read_exact(len(data), within=50) == data[::-1]
            assert await here.read(10) == b""
            await sent

    kind.run(test)


def test_what_was_written_before_finish_arrives_though_the_stream_is_then_stopped(kind: Any) -> None:
    async def test() -> None:
        async with kind.stream() as (here, there):
            await here.write(b"a" * 100_000)
            await here.finish()
            await here.stop()
            assert await there.read_exact(100_000) == b"a" * 100_000
            assert await there.read(1) == b""

    kind.run(test)


def test_an_early_end_is_told_apart_from_a_dropped_stream(kind: Any) -> None:
    async def test() -> None:
        async with kind.stream() as (here, there):
            await here.write(b"half")
            await here.finish()
            assert await failing(there.read_exact(5)) is Reason.ENDED
        async with kind.stream() as (here, there):
            await here.stop()
            assert await failing(there.read_exact(5)) in (Reason.STOPPED, Reason.ENDED)

    kind.run(test)


def test_a_writer_learns_that_nobody_reads_any_more(kind: Any) -> None:
    async def test() -> None:
        async with kind.stream() as (here, there):
            await there.stop()

            async def write_on() -> None:
                while True:
                    await here.write(bytes(100_000))

            assert await failing(write_on()) is Reason.STOPPED

    kind.run(test)


def test_after_a_deadline_the_stream_is_dropped(kind: Any) -> None:
    async def test() -> None:
        async with kind.stream() as (here, there):
            await here.write(b"abc")
            assert await failing(there.read_exact(4, within=0.5)) is Reason.DEADLINE
            assert await failing(there.read_exact(1)) is Reason.STOPPED
            assert await failing(there.write(b"x")) is Reason.STOPPED

    kind.run(test)


def test_a_writer_whose_peer_does_not_read_meets_its_deadline(kind: Any) -> None:
    async def test() -> None:
        async with kind.stream() as (here, there):

            async def write_on() -> None:
                for _ in range(64):
                    await here.write(bytes(1 << 20), within=0.7)

            assert await failing(write_on()) is Reason.DEADLINE
            assert there is not None

    kind.run(test)


def test_a_cancelled_read_drops_the_stream(kind: Any) -> None:
    async def test() -> None:
        async with kind.stream() as (_, there):
            reading = asyncio.create_task(there.read_exact(4))
            await asyncio.sleep(0.05)
            reading.cancel()
            await asyncio.wait([reading])
            assert await failing(there.read_exact(1)) is Reason.STOPPED

    kind.run(test)


def test_waiting_in_vain_for_a_stream_or_connection_harms_nothing(kind: Any) -> None:
    async def test() -> None:
        ours, theirs = await kind.open("ours"), await kind.open("theirs")
        assert await failing(theirs.accept(within=0.1)) is Reason.DEADLINE
        made = await ours.connect(theirs.address(), PROTOCOL)
        taken = await theirs.accept()
        assert await failing(taken.accept_stream(within=0.1)) is Reason.DEADLINE
        here = await made.open_stream()
        await here.write(b"late")
        assert await (await taken.accept_stream()).read_exact(4) == b"late"
        await ours.close()
        await theirs.close()

    kind.run(test)


def test_streams_of_one_connection_do_not_wait_for_each_other(kind: Any) -> None:
    async def test() -> None:
        async with kind.pair() as (made, taken):
            streams = [await made.open_stream() for _ in range(20)]
            for number, stream in enumerate(streams):
                await write_frame(stream, bytes([number]))
            found = [await taken.accept_stream() for _ in range(20)]
            assert sorted([(await read_frame(stream))[0] for stream in reversed(found)]) == list(range(20))

    kind.run(test)


def test_closing_ends_whoever_waits_at_the_other_side(kind: Any) -> None:
    async def test() -> None:
        async with kind.pair() as (made, taken):
            here = await made.open_stream()
            await here.write(b"x")
            there = await taken.accept_stream()
            await there.read_exact(1)
            reading = asyncio.create_task(there.read_exact(1))
            waiting = asyncio.create_task(taken.accept_stream())
            await asyncio.sleep(0.05)
            await made.close()
            assert await failing(reading) is Reason.CLOSED
            assert await failing(waiting) is Reason.CLOSED
            assert taken.closed
            assert made.closed
            assert await failing(made.open_stream()) is Reason.CLOSED

    kind.run(test)


def test_a_closed_transport_accepts_and_connects_no_more(kind: Any) -> None:
    async def test() -> None:
        ours, theirs = await kind.open("ours"), await kind.open("theirs")
        address = theirs.address()
        accepting = asyncio.create_task(ours.accept())
        await asyncio.sleep(0.05)
        await ours.close()
        await ours.close()
        assert await failing(accepting) is Reason.CLOSED
        assert await failing(ours.accept()) is Reason.CLOSED
        assert await failing(ours.connect(address, PROTOCOL)) is Reason.CLOSED
        await theirs.close()

    kind.run(test)


def test_a_protocol_that_the_peer_does_not_speak_is_refused(kind: Any) -> None:
    async def test() -> None:
        ours, theirs = await kind.open("ours"), await kind.open("theirs", (b"lecs/other/1",))
        assert await failing(ours.connect(theirs.address(), PROTOCOL)) in (Reason.REFUSED, Reason.UNREACHABLE)
        await ours.close()
        await theirs.close()

    kind.run(test)


def test_somebody_else_at_the_address_is_not_taken_for_the_peer(kind: Any) -> None:
    async def test() -> None:
        ours, theirs = await kind.open("ours"), await kind.open("theirs")
        nobody = await kind.open("nobody")
        wrong = Address(nobody.id, theirs.address().direct)
        await nobody.close()
        found = await failing(ours.connect(wrong, PROTOCOL, within=2))
        assert found in (Reason.UNREACHABLE, Reason.DEADLINE)
        await ours.close()
        await theirs.close()

    kind.run(test)


def test_a_frame_above_the_cap_is_refused_before_room_is_made(kind: Any) -> None:
    async def test() -> None:
        async with kind.stream() as (here, there):
            await here.write((1 << 31).to_bytes(4, "big"))
            with pytest.raises(Malformed):
                await read_frame(there, cap=1 << 16)
            await there.stop()
        async with kind.stream() as (here, there):
            await write_frame(here, b"")
            await write_frame(here, b"two")
            await here.finish()
            assert await read_frame_or_end(there) == b""
            assert await read_frame_or_end(there) == b"two"
            assert await read_frame_or_end(there) is None

    kind.run(test)
