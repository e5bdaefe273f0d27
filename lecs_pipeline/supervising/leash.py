"""Runs one command and ends everything that came of it: when its standard input closes, when it is told to, or when
the command itself has ended.

    python -I -S leash.py COMMAND ...

The supervisor holds the other end of the standard input. When it is gone, however it went (`kill -9` too), the pipe
closes. What the command started is found although it left its group or lost its parent: orphans below a leash become
its own children (PR_SET_CHILD_SUBREAPER). Linux alone; nothing but the standard library, so that it starts at once.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Seconds between asking to end and ending; the whole stops within ten.
PATIENCE = 6.0
_PDEATHSIG, _SUBREAPER = 1, 36


def main(command: list[str]) -> int:
    """Run ``command``; its exit code, or 128 and the number of the signal that ended it."""
    stopping: list[int] = []
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
    signal.set_wakeup_fd(writing)
    adopt_orphans(True)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent)
    ended = os.pidfd_open(child.pid)
    while not stopping and child.poll() is None:
        ready, _, _ = select.select([sys.stdin.fileno(), ended, reading], [], [])
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 1):
            break
        if reading in ready:
            os.read(reading, 64)
    code = child.poll()
    _end(child)
    return code if code is not None and code >= 0 else 128 - (code or -signal.SIGTERM)


def _end(child: "subprocess.Popen[Any]") -> None:
    """Ask the command to end, then end everything below this process."""
    if child.poll() is None:
        child.terminate()
    deadline = time.monotonic() + PATIENCE
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    end_all(lambda: below(os.getpid()), deadline)


def end_all(left: Callable[[], list[int]], deadline: float) -> None:
    """Ask all that ``left`` names to end, until the deadline (of `time.monotonic`); then end them."""
    while found := left():
        number = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
        for pid in found:
            _send(pid, number)
        _reap(found)
        time.sleep(0.02)


def adopt_orphans(wanted: bool) -> None:
    """Whether what loses its parent below this process becomes a child of it."""
    _prctl(_SUBREAPER, int(wanted))


def below(pid: int) -> list[int]:
    """Every process that came of ``pid`` and still runs, as far as parents are known."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, parent = (folder / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[:2]
            except (OSError, ValueError):
                continue
            if state != "Z":
                parents[int(folder.name)] = int(parent)
    found: list[int] = []
    wave = [pid]
    while wave:
        wave = [one for one, parent in parents.items() if parent in wave]
        found += wave
    return found


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _reap(pids: list[int]) -> None:
    """Take leave of orphans that ended, so that their ids are free again; others have parents that do."""
    for pid in pids:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            continue


def _die_with_parent() -> None:
    """The command is told to end when its leash is killed."""
    _prctl(_PDEATHSIG, signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
