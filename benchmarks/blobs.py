"""Blobs between processes on loopback: `python benchmarks/blobs.py [MEBIBYTES] [MEMORY_MEBIBYTES]`.

Verified transfer over iroh against one raw iroh stream with the same byte copy, and against `rsync` from a daemon;
two givers against one under a cap for each; the taker's memory for a large blob. Every process is started anew, and
all of them are measured in turn, so that a busy machine is as busy for one as for the other.
"""

import contextlib
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tests" / "compute_mesh" / "blobs")]

from blob_processes import MIB, Giver, Taker  # noqa: E402
from side_by_side import publish_lines  # noqa: E402

from substrate.store.pieced import PiecedBlobs  # noqa: E402

ROUNDS = 5
CAP = 12 * MIB


def _random_file(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))


def _second_home(folder: Path, root: str) -> None:
    there = folder / "b" / "pieced" / root
    there.mkdir(parents=True)
    for path in (folder / "a" / "pieced" / root).iterdir():
        os.link(path, there / path.name)


@contextlib.contextmanager
def _raw_giver(file: Path) -> Iterator[str]:
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, str(HERE / "raw_stream.py"), "give", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def _raw(address: str, target: Path) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, str(HERE / "raw_stream.py"), "take", address, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout)


def _verified(folder: Path, root: str, *givers: Giver) -> Any:
    home = folder / "taker"
    shutil.rmtree(home, ignore_errors=True)
    return Taker.start(home, root, *givers).done(3600)


@contextlib.contextmanager
def _rsync_daemon(folder: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    config = folder / "rsyncd.conf"
    config.write_text(
        f"address = 127.0.0.1\nport = {port}\nuse chroot = no\n[files]\npath = {folder}\nread only = yes\n"
    )
    command = ["rsync", "--daemon", "--no-detach", f"--config={config}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        time.sleep(1)
        try:
            yield port
        finally:
            daemon.kill()


def _rsync(port: int, folder: Path) -> Any:
    target = folder / "rsynced"
    target.unlink(missing_ok=True)
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        ["rsync", "--whole-file", "--fsync", f"rsync://127.0.0.1:{port}/files/file", str(target)], check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": time.monotonic() - begun, "cpu": cpu}


def main() -> None:
    """Measure, write the table."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    large = int(sys.argv[2]) if len(sys.argv) > 2 else 4096
    rows: list[str] = []
    with tempfile.TemporaryDirectory(prefix="blobs-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # The daemon of rsync reads as somebody else.
        _random_file(folder / "file", size * MIB)
        root = PiecedBlobs(folder / "a" / "pieced").put(folder / "file").root
        _second_home(folder, root)
        rows += _speed(folder, root, size)
        rows += _two_against_one(folder, root, size)
        shutil.rmtree(folder / "a")
        shutil.rmtree(folder / "b")
        _random_file(folder / "file", large * MIB)
        root = PiecedBlobs(folder / "a" / "pieced").put(folder / "file").root
        (folder / "file").unlink()
        giver = Giver.start(folder / "a")
        done = _verified(folder, root, giver)
        giver.kill()
        memory = f"{done['memory'] / 1e6:.0f} MB at most"
        rows.append(_row(f"receiver of {large} MiB", memory, f"{done['cpu']:.1f}", "aim: under 100 MB"))
    header = "| what | rate, median (least to most) | receiver's CPU seconds | |\n|---|---:|---:|---|"
    notes = f"Medians of {ROUNDS} runs in turns, every receiver a new process that syncs what it wrote."
    publish_lines("blobs", " ".join(["python benchmarks/blobs.py", *sys.argv[1:]]), header, rows, notes)


def _speed(folder: Path, root: str, size: int) -> list[str]:
    taken: dict[str, list[Any]] = {"raw": [], "verified": [], "rsync": []}
    giver = Giver.start(folder / "a")
    with _raw_giver(folder / "file") as address, _rsync_daemon(folder) as port:
        for _ in range(ROUNDS):
            taken["raw"].append(_raw(address, folder / "raw"))
            taken["verified"].append(_verified(folder, root, giver))
            taken["rsync"].append(_rsync(port, folder))
    giver.kill()
    told = {name: (_rates(found, size), _cpu(found)) for name, found in taken.items()}
    compared = {name: _ratio(taken["verified"], taken[name]) for name in ("raw", "rsync")}
    return [
        _row(f"raw iroh stream, {size} MiB", *told["raw"], "nothing is checked"),
        _row("verified, one giver", *told["verified"], f"{compared['raw']:.2f} x the raw stream (aim: 0.9)"),
        _row("rsync from a daemon", *told["rsync"], f"not encrypted; verified: {compared['rsync']:.2f} x of it"),
    ]


def _two_against_one(folder: Path, root: str, size: int) -> list[str]:
    givers = [Giver.start(folder / label, rate=CAP) for label in "ab"]
    one, two = list[Any](), list[Any]()
    for _ in range(3):
        one.append(_verified(folder, root, givers[0]))
        two.append(_verified(folder, root, *givers))
    for giver in givers:
        giver.kill()
    return [
        _row(f"one giver, cap {CAP // MIB} MiB/s", _rates(one, size), _cpu(one), ""),
        _row("two givers, the same cap each", _rates(two, size), _cpu(two), f"{_ratio(two, one):.2f} x (aim: 1.8)"),
    ]


def _rates(found: list[Any], size: int) -> str:
    rates = [size / one["seconds"] for one in found]
    return f"{statistics.median(rates):.0f} MiB/s ({min(rates):.0f} to {max(rates):.0f})"


def _cpu(found: list[Any]) -> str:
    return f"{statistics.median(one['cpu'] for one in found):.1f}"


def _ratio(ours: list[Any], theirs: list[Any]) -> float:
    """How much faster, run by run; the median."""
    return statistics.median(other["seconds"] / own["seconds"] for own, other in zip(ours, theirs, strict=True))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
