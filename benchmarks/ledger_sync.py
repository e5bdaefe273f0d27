"""Ledger sync: what it costs when nothing, 1 % or 10 % differs, and how fast a newcomer takes everything in.

    python benchmarks/ledger_sync.py 1000 10000 100000

Two ledgers on disk, a memory transport without delay between them, so time is work alone. ``overhead`` is what went
over the wire beside the documents themselves. Where nothing differs a session is over in milliseconds: there the
median of `EQUAL_ROUNDS` counts. Writes benchmarks/results/ledger_sync.md, and beside each aim whether it was reached.
"""

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from compute_mesh.ledger.messages import PROTOCOL
from compute_mesh.ledger.replica import Replica, commons_tag
from compute_mesh.ledger.session import Outcome, answer, ask
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from compute_mesh.transport.memory.weather import Weather
from substrate.record.checkpoint import log_origin
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer
from substrate.store.database import Database
from substrate.store.ledger import Ledger
from tests.conftest import Commons, hexadecimal, urn

#: Writers of the ledger: each has its own log.
NODES = 20
EQUAL_ROUNDS = 21
#: What is aimed at: bytes and seconds where nothing differs, bytes beside the documents where 1 % does, documents that
#: a newcomer verifies in a second of one core.
AIMS = (100, 0.005, 20_000, 2_000)
RESULTS = Path(__file__).parent / "results" / "ledger_sync.md"


@dataclass
class Row:
    """One measurement."""

    documents: int
    differing: float
    outcome: Outcome
    body_bytes: int
    seconds: float
    cpu: float

    @property
    def overhead(self) -> int:
        """Bytes in both directions that were not documents."""
        return self.outcome.bytes_up + self.outcome.bytes_down - self.body_bytes


class Side:
    """A ledger in a folder, and how sync sees it."""

    def __init__(self, folder: Path, commons: Commons) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "ledger.sqlite3"
        self.folder, self.commons = folder, commons
        self.database = Database(path, create=not path.exists())

    def write(self, node: int, documents: list[Document]) -> None:
        """Log documents in the log of one node."""
        signer = Signer(bytes.fromhex(hexadecimal(f"node {node}")))
        ledger = Ledger(self.database, signer, log_origin(signer.did, f"{node:016x}"))
        with ledger.write() as writer:
            for document in documents:
                writer.add(document)

    @property
    def replica(self) -> Replica:
        """As sync sees it."""
        ledger = Ledger(self.database, None, "")
        return Replica(ledger, commons_tag(self.commons.id, self.commons.charter.digest), lambda _: True)


def facts(commons: Commons, node: int, numbers: range) -> list[Document]:
    """Consent facts that one node signed: the commonest document."""
    signer = Signer(bytes.fromhex(hexadecimal(f"node {node}")))
    fields = commons.fields("ConsentFact")
    return [
        write_document(
            "ConsentFact", urn(f"{node}/{n}"), commons.id, {**fields, "contribution": urn(f"c{node}/{n}")}, signer,
            "2026-11-22T10:00:00Z",
        )
        for n in numbers
    ]  # fmt: skip


def measure(one: Side, other: Side) -> tuple[Outcome, Outcome, float, float]:
    """One session; (asking side, answering side, seconds, CPU seconds)."""

    async def at_once(work: Any) -> Any:
        return work()

    async def session() -> tuple[Outcome, Outcome]:
        network = Network(1, Weather(delay=0.0))
        ours, theirs = (MemoryTransport(network, label, (PROTOCOL,)) for label in ("one", "other"))
        made = await ours.connect(theirs.address(), PROTOCOL)
        taken = await theirs.accept()

        async def answering() -> Outcome:
            return await answer(await taken.accept_stream(), other.replica, at_once)

        task = asyncio.create_task(answering())
        asked = await ask(await made.open_stream(), one.replica, at_once)
        return asked, await task

    begun, cpu = time.perf_counter(), time.process_time()
    asked, answered = run_virtually(session())
    return asked, answered, time.perf_counter() - begun, time.process_time() - cpu


def one_size(folder: Path, commons: Commons, size: int) -> list[Row]:
    """The four measurements of one size."""
    old, rows = Side(folder / "old", commons), []
    each = size // NODES
    for node in range(NODES):
        old.write(node, facts(commons, node, range(each)))
    new = Side(folder / "new", commons)
    rows.append(_row(size, 1.0, old, new))
    rows.append(_row(size, 0.0, old, new))
    begin = each
    for share in (0.01, 0.1):
        more = max(1, int(each * share))
        for node in range(NODES):
            old.write(node, facts(commons, node, range(begin, begin + more)))
        begin += more
        rows.append(_row(size, share, old, new))
    return rows


def _row(size: int, share: float, old: Side, new: Side) -> Row:
    before = _bytes(new)
    runs = [measure(new, old) for _ in range(1 if share else EQUAL_ROUNDS)]
    asked = runs[0][0]
    seconds, cpu = (statistics.median(run[at] for run in runs) for at in (2, 3))
    return Row(size, share, asked, _bytes(new) - before, seconds, cpu)


def verdicts(rows: list[Row]) -> list[str]:
    """Each aim, what was measured at the largest size, and whether that is enough."""
    largest = {row.differing: row for row in rows if row.documents == max(row.documents for row in rows)}
    same, little, joining = largest[0.0], largest[0.01], largest[1.0]
    size, sent = same.documents, same.outcome.bytes_up + same.outcome.bytes_down
    rate = joining.outcome.received / joining.cpu
    found = [
        (f"nothing differs: under {AIMS[0]} bytes", f"{sent}", sent < AIMS[0]),
        (f"nothing differs: under {AIMS[1] * 1000:.0f} ms", f"{same.seconds * 1000:.1f} ms", same.seconds < AIMS[1]),
        (
            f"1 % differs: under {AIMS[2]:,} bytes beside documents",
            f"{little.overhead:,}",
            little.overhead < AIMS[2],
        ),
        (f"a first join: {AIMS[3]:,} documents a second of one core", f"{rate:,.0f}", rate >= AIMS[3]),
    ]
    lines = ["", f"| aim, at {size:,} documents | measured | reached |", "|---|---:|---|"]
    return [*lines, *(f"| {aim} | {measured} | {'yes' if met else '**no**'} |" for aim, measured, met in found)]


def _bytes(side: Side) -> int:
    (found,) = side.database.connection.execute("SELECT coalesce(sum(length(body)), 0) FROM documents").fetchone()
    return int(found)


def main() -> None:
    """Measure, print, write."""
    sizes = [int(word) for word in sys.argv[1:]] or [1_000, 10_000, 100_000]
    lines = [
        "# Ledger sync",
        "",
        f"`python benchmarks/ledger_sync.py {' '.join(map(str, sizes))}`, {time.strftime('%Y-%m-%d')}; "
        f"{os.cpu_count()} cores (load of the last five minutes: {os.getloadavg()[1]:.1f}); {NODES} logs, both sides "
        "in one process, no network delay. 100 % is a newcomer's first join, with the CPU seconds of both sides; "
        f"0 % is the median of {EQUAL_ROUNDS} sessions.",
        "",
        "| documents | differing | documents sent | bytes | overhead | seconds | CPU of both | verified a CPU second |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    rows = list[Row]()
    for size in sizes:
        folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108
        try:
            for row in one_size(folder, Commons(), size):
                rows.append(row)
                received = row.outcome.received
                rate = f"{received / row.cpu:,.0f}" if received else ""
                lines.append(
                    f"| {row.documents:,} | {row.differing:.0%} | {received:,} | "
                    f"{row.outcome.bytes_up + row.outcome.bytes_down:,} | {row.overhead:,} | {row.seconds:.4f} | "
                    f"{row.cpu:.3f} | {rate} |"
                )
                print(lines[-1], flush=True)
        finally:
            shutil.rmtree(folder)
    lines += verdicts(rows)
    RESULTS.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
