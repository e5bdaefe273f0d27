"""Starting, asking and ending `blob_node.py` processes: what the test of processes and the proof share."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from substrate.store.errors import Busy
from substrate.store.partial import Partial
from substrate.store.pieced import PiecedBlobs

SCRIPT = Path(__file__).with_name("blob_node.py")
ROOT = Path(__file__).parents[3]
MIB = 1 << 20


def _start(*arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments], stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    )


@dataclass
class Giver:
    """A process that serves a home."""

    process: "subprocess.Popen[str]"
    address: str

    @classmethod
    def start(cls, home: Path, *, lie: int = 0, rate: float = 0) -> "Giver":
        process = _start("serve", str(home), "--lie", str(lie), "--rate", str(rate))
        assert process.stdout is not None
        return cls(process, process.stdout.readline().strip())

    @property
    def peer(self) -> str:
        return self.address.partition("@")[0]

    def given(self) -> int:
        """How many bytes it has given out so far."""
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGUSR1)
        return int(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Taker:
    """A process that fetches."""

    process: "subprocess.Popen[str]"

    @classmethod
    def start(cls, home: Path, root: str, *givers: Giver, patience: float = 10) -> "Taker":
        addresses = [giver.address for giver in givers]
        return cls(_start("fetch", str(home), root, *addresses, "--patience", str(patience)))

    def done(self, within: float = 600) -> Any:
        """What it says when it has ended well."""
        out, _ = self.process.communicate(timeout=within)
        assert self.process.returncode == 0, self.process.returncode
        return json.loads(out)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def journal_pieces(home: Path, root: str) -> int:
    """About how many pieces a running fetch has, by the size of its journal."""
    try:
        return ((home / "pieced" / f".{root}.part" / "journal").stat().st_size - 16) // 4
    except FileNotFoundError:
        return 0


def pieces_here(home: Path, root: str) -> int:
    """How many pieces a fetch that was killed left behind, counted as the next one does."""
    blobs = PiecedBlobs(home / "pieced")
    if blobs.path(root).exists():
        return blobs.stat(root).pieces
    try:
        partial = Partial(blobs, root)
    except Busy:
        raise AssertionError("the killed process still holds the lock") from None
    partial.close()
    return partial.resumed
