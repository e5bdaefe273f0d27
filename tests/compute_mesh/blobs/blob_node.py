"""A node that knows nothing but blobs, as a process of its own, over iroh on loopback: for tests, proofs, benchmarks.

blob_node.py serve HOME [--lie REQUEST] [--rate BYTES_PER_SECOND]    prints its address, and on SIGUSR1 how much it gave
blob_node.py fetch HOME ROOT ADDRESS…                              prints what it fetched, as JSON
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from compute_mesh.blobs import PROTOCOL
from compute_mesh.blobs.fetching import Fetch
from compute_mesh.blobs.messages import Request, Status
from compute_mesh.blobs.outcomes import Patience
from compute_mesh.blobs.providers import Misdeed, Provider
from compute_mesh.blobs.service import BlobService
from compute_mesh.blobs.shelf import HomeShelf
from compute_mesh.transport.address import Address
from compute_mesh.transport.interface import Connection
from compute_mesh.transport.iroh.endpoint import IrohTransport
from compute_mesh.transport.serving import serve
from substrate.store.partial import Partial
from substrate.store.pieced import PiecedBlobs


class LyingShelf(HomeShelf):
    """Changes one byte of one piece, after it was checked: of the one that is asked for as number ``lie``."""

    def __init__(self, home: Path, lie: int) -> None:
        super().__init__(home)
        self._until, self._about = lie, -1

    def piece(self, root: str, number: int) -> bytes:
        data = super().piece(root, number)
        self._until -= 1
        if self._until == 0:
            self._about = number
        return data if number != self._about else bytes([data[0] ^ 1]) + data[1:]


async def everybody(peer: str, request: Request) -> Status:
    """Who may have what: here, everybody everything."""
    return Status.OK


async def serve_home(home: Path, lie: int, rate: float) -> None:
    transport = await IrohTransport.open(os.urandom(32), [PROTOCOL])
    shelf = HomeShelf(home) if lie <= 0 else LyingShelf(home, lie)
    service = BlobService(shelf, everybody, bytes_per_second=rate)
    say(transport.address().to_text())
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: say(str(service.given.bytes)))
    await serve(transport, {PROTOCOL: service.serve})


def peak_memory() -> int:
    """The most memory that this process had, in bytes."""
    status = Path("/proc/self/status").read_text()
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


async def fetch_into(home: Path, root: str, addresses: list[str], patience: float, rate: float) -> None:
    transport = await IrohTransport.open(os.urandom(32), [PROTOCOL])
    misdeeds: list[Misdeed] = []

    def provider(text: str) -> Provider:
        address = Address.from_text(text)

        async def connect() -> Connection:
            return await transport.connect(address, PROTOCOL, within=patience)

        return Provider(address.peer, connect)

    partial = Partial(PiecedBlobs(home / "pieced"), root)
    fetch = Fetch(
        partial, [provider(text) for text in addresses], most_bytes=64 << 30,
        patience=Patience(slice=patience), bytes_per_second=rate, on_misdeed=misdeeds.append,
    )  # fmt: skip
    cpu = time.process_time()
    done = await fetch.run()
    tallies = [
        {
            "peer": t.peer,
            "pieces": t.pieces,
            "bad": t.bad,
            "standing": t.standing.value,
            "rate": t.rate.bytes_per_second,
        }
        for t in done.providers
    ]
    named = [{"peer": one.peer, "piece": one.piece, "rule": one.rule} for one in misdeeds]
    say(json.dumps({
        "root": root, "bytes": done.stat.size, "received": done.received, "resumed": done.resumed,
        "seconds": done.seconds, "providers": tallies, "misdeeds": named, "memory": peak_memory(),
        "cpu": time.process_time() - cpu,
    }))  # fmt: skip
    await transport.close()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["serve", "fetch"])
    parser.add_argument("home", type=Path)
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--lie", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--patience", type=float, default=10.0)
    options = parser.parse_args()
    if options.what == "serve":
        asyncio.run(serve_home(options.home, options.lie, options.rate))
    else:
        asyncio.run(fetch_into(options.home, options.rest[0], options.rest[1:], options.patience, options.rate))


if __name__ == "__main__":
    sys.exit(main())
