"""Which files of an inbox are archives that somebody has finished writing.

A file is left for later while anybody has it open for writing (asked of the kernel, on Linux) or when it changed a
moment ago: over a network file system the kernel does not know who writes.
"""

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REPORT: Final = ".report.json"
CONSUMED: Final = ".lecs-consumed"
#: How long a file must have been left alone.
SETTLED_SECONDS: Final = 10.0
#: Longer names leave no room for that of the report.
MAX_NAME_BYTES: Final = 200
_UNFINISHED: Final = (".part", ".partial", ".crdownload", ".download", ".tmp", "~")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file of an inbox: ``refusal`` says what is wrong with it as a file, ``waiting`` why it is not ready yet.

    ``mark`` is inode, size and time: the same mark is the same bytes.
    """

    path: Path
    mark: str
    refusal: str = ""
    waiting: str = ""

    @property
    def name(self) -> str:
        """As it can be shown and stored: bytes that are no UTF-8 and signs that steer a terminal are replaced."""
        return shown(self.path.name)


def look(folder: Path, now: float, settled: float = SETTLED_SECONDS) -> Iterator[Seen]:
    """Every file that is meant as an archive, by name. Nothing is opened to be read. ``now`` in seconds (epoch)."""
    for path in sorted(folder.iterdir()):
        if not _is_meant(path.name):
            continue
        try:
            state = path.lstat()
        except FileNotFoundError:
            continue
        mark = mark_of(state)
        refusal = _refusal(path, state)
        waiting = "" if refusal else _waiting(path, state, now, settled)
        yield Seen(path, mark, refusal, waiting)


def mark_of(state: os.stat_result) -> str:
    """Names the bytes of a file without reading them."""
    return f"{state.st_dev}-{state.st_ino}-{state.st_size}-{state.st_mtime_ns}"


def shown(name: str) -> str:
    """A file's name without what could not be stored or would steer a terminal."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def being_written(path: Path) -> bool:
    """Whether a process of this machine has the file open for writing. False where the kernel cannot tell.

    A read lease is given only for a file that nobody writes. (Should somebody begin to write in that very moment, the
    kernel says so by a signal: one that is ignored unless somebody waits for it.)
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def _is_meant(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(REPORT) and not name.lower().endswith(_UNFINISHED)


def _refusal(path: Path, state: os.stat_result) -> str:
    """What keeps a file from being read and removed without harm to anything else."""
    if not stat.S_ISREG(state.st_mode):
        return "this is no plain file: give a .jsonl, .csv or .parquet file; links are not followed"
    if state.st_nlink != 1:
        return "this file has a second name elsewhere, where its text would remain: copy it instead of linking it"
    if len(os.fsencode(path.name)) > MAX_NAME_BYTES:
        return f"its name is longer than {MAX_NAME_BYTES} bytes: give it a shorter one"
    if not os.access(path, os.R_OK | os.W_OK) or not os.access(path.parent, os.W_OK):
        return "it could not be removed once it is taken: let the owner of the home read and write file and folder"
    return ""


def _waiting(path: Path, state: os.stat_result, now: float, settled: float) -> str:
    if state.st_size == 0:
        return "it is empty"
    if abs(now - state.st_mtime) < settled:
        return f"it changed less than {settled:g} seconds ago"
    try:
        return "somebody has it open for writing" if being_written(path) else ""
    except OSError:
        return "it cannot be opened"
