"""iroh itself: where it listens, the byte copy and its fall-back, and words for its errors."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from compute_mesh.transport.failures import Reason, TransportFailed
from compute_mesh.transport.iroh import copying
from compute_mesh.transport.iroh.endpoint import IrohTransport, both_families

PROTOCOL = b"lecs/test/1"
SOCKETS = """
import asyncio, os, sys
from compute_mesh.transport.failures import TransportFailed
from compute_mesh.transport.address import Address
from compute_mesh.transport.iroh.endpoint import IrohTransport

def inode_of(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except FileNotFoundError:  # The library closes sockets of its own while we look.
        return ""

def sockets():
    inodes = {inode_of(fd) for fd in os.listdir("/proc/self/fd")}
    for table in ("udp", "udp6", "tcp", "tcp6"):
        for line in open(f"/proc/net/{table}").read().splitlines()[1:]:
            parts = line.split()
            if f"socket:[{parts[9]}]" in inodes:
                place, port = parts[1].split(":")
                yield table, place, int(port, 16)

async def answers(other, peer, port, loopback, within):
    try:
        await other.connect(Address(peer, (f"{loopback}:{port}",), None), b"x", within=within)
        return "answers"
    except TransportFailed as failed:
        return failed.reason.value

async def main():
    transport = await IrohTransport.open(bytes(32), [b"x"], bind=sys.argv[1:])
    found = sorted(set(sockets()))
    other = await IrohTransport.open(bytes([1]) * 32, [b"x"])
    for table, place, port in found:
        loopback = "[::1]" if table.endswith("6") else "127.0.0.1"
        within = 3 if set(place) == {"0"} else 30  # Where it should answer, a busy machine has time.
        print(table, place, await answers(other, transport.id, port, loopback, within))
    await other.close()
    await transport.close()

asyncio.run(main())
"""
LOOPBACK = {"udp": "0100007F", "udp6": "00000000000000000000000001000000"}


@pytest.mark.parametrize("bind", [("127.0.0.1:0",), ("[::1]:0",)])
def test_it_answers_on_loopback_and_nowhere_else(bind: tuple[str, ...]) -> None:
    """The library's search for a router has a socket of its own for as long as it likes; no peer is answered there."""
    done = subprocess.run([sys.executable, "-c", SOCKETS, *bind], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = sorted(tuple(line.split()) for line in done.stdout.splitlines())
    answering = {(table, place) for table, place, said in found if said == "answers"}
    assert answering
    assert answering <= set(LOOPBACK.items()), found
    assert {table for table, _, _ in found} <= {"udp", "udp6"}, "a node has no other ways in"


def test_bind_addresses_that_are_none_are_refused_before_anything_opens() -> None:
    for wrong in ((), ("localhost:1",), ("127.0.0.1",), ("127.0.0.1:99999",), ("127.0.0.1:0", "127.0.0.2:0")):
        with pytest.raises(TransportFailed) as caught:
            both_families(wrong)
        assert caught.value.reason is Reason.INPUT


def test_an_address_that_is_taken_is_refused_with_a_reason() -> None:
    async def test() -> None:
        first = await IrohTransport.open(os.urandom(32), [PROTOCOL])
        place = next(one for one in first.address().direct if one.startswith("127."))
        with pytest.raises(TransportFailed) as caught:
            await IrohTransport.open(os.urandom(32), [PROTOCOL], bind=[place])
        assert caught.value.reason is Reason.INPUT
        await first.close()

    asyncio.run(test())


def test_no_relay_is_used_unless_asked_for() -> None:
    async def test() -> None:
        transport = await IrohTransport.open(os.urandom(32), [PROTOCOL])
        assert transport.address().relay is None
        await transport.close()

    asyncio.run(test())


def test_the_copy_is_installed_and_carries_any_buffer() -> None:
    assert copying.install()
    for size in (0, 1, 3, 4096):
        data = os.urandom(size)
        for value in (data, bytearray(data), memoryview(data), memoryview(b"x" + data)[1:], memoryview(data * 2)[::2]):
            lowered = copying._lower(value)
            assert copying.ffi._UniffiFfiConverterBytes.lift(lowered) == bytes(value)


def _fresh(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The binding as it is now, with the module's memory of it gone; both come back after the test."""
    converter, builder = copying.ffi._UniffiFfiConverterBytes, copying.ffi._UniffiRustBufferBuilder
    monkeypatch.setattr(converter, "lower", converter.lower)
    monkeypatch.setattr(builder, "write", builder.write)
    monkeypatch.setattr(copying, "_state", {})
    return converter, builder


def test_a_copy_that_changes_a_byte_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    copying.install()
    converter, builder = _fresh(monkeypatch)
    before = converter.lower, builder.write
    right = copying._lower
    monkeypatch.setattr(copying, "_lower", lambda value: right(bytes(value)[:-1] + b"?"))
    assert not copying.install()
    assert (converter.lower, builder.write) == before


def test_another_version_of_the_binding_stays_as_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    copying.install()
    converter, builder = _fresh(monkeypatch)
    before = converter.lower, builder.write
    monkeypatch.setattr("importlib.metadata.version", lambda _: "1.3.0")
    assert not copying.install()
    assert (converter.lower, builder.write) == before


def test_as_shipped_the_bytes_arrive_too() -> None:
    code = (
        "import asyncio, os\n"
        "from compute_mesh.transport.iroh import copying\n"
        "copying._state['installed'] = False\n"
        "from compute_mesh.transport.iroh.endpoint import IrohTransport\n"
        "async def main():\n"
        "    a, b = [await IrohTransport.open(os.urandom(32), [b'x']) for _ in range(2)]\n"
        "    assert not a.copies_fast\n"
        "    here = await (await a.connect(b.address(), b'x')).open_stream()\n"
        "    data = os.urandom(300000)\n"
        "    await here.write(memoryview(data)); await here.finish()\n"
        "    there = await (await b.accept()).accept_stream()\n"
        "    assert await there.read_exact(len(data)) == data\n"
        "    await a.close(); await b.close()\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_failures_have_words_and_quote_no_paths() -> None:
    async def test() -> None:
        ours = await IrohTransport.open(os.urandom(32), [PROTOCOL])
        theirs = await IrohTransport.open(os.urandom(32), [b"other"])
        with pytest.raises(TransportFailed) as caught:
            await ours.connect(theirs.address(), PROTOCOL)
        assert str(caught.value).startswith("connecting: ")
        assert "/" not in str(caught.value)
        await ours.close()
        await theirs.close()

    asyncio.run(test())


def test_a_peer_that_is_killed_is_noticed_by_our_deadline_not_after_half_a_minute() -> None:
    code = (
        "import asyncio, os, sys\n"
        "from compute_mesh.transport.iroh.endpoint import IrohTransport\n"
        "async def main():\n"
        "    b = await IrohTransport.open(os.urandom(32), [b'lecs/test/1']); print(b.address().to_text(), flush=True)\n"
        "    c = await b.accept(within=60); s = await c.accept_stream(); await s.write(b'hello')\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )

    async def test() -> None:
        from compute_mesh.transport.address import Address

        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            address = Address.from_text(process.stdout.readline().strip())
            ours = await IrohTransport.open(os.urandom(32), [PROTOCOL])
            stream = await (await ours.connect(address, PROTOCOL)).open_stream()
            await stream.write(b"!")
            assert await stream.read_exact(5) == b"hello"
            process.kill()
            begun = asyncio.get_running_loop().time()
            with pytest.raises(TransportFailed) as caught:
                await stream.read_exact(1, within=1)
            assert caught.value.reason is Reason.DEADLINE
            assert asyncio.get_running_loop().time() - begun < 25
            await ours.close()

    asyncio.run(test())
