"""A full disk has many voices (errno, SQLite, Arrow, Dagster's database); here they get one name."""

import errno
import shutil
import sqlite3
from pathlib import Path
from typing import Final

from substrate.store.errors import DiskFull

ADVICE: Final = "the disk is full: make room, then run the same command again; it goes on where it was"
#: SQLite cannot even open or map its files when less than this is free.
LEAST_BYTES: Final = 256 * 1024


def disk_full(error: BaseException) -> DiskFull | None:
    """`DiskFull` when that is what an exception, or one that it came from, says."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        if _says_full(one):
            return one if isinstance(one, DiskFull) else DiskFull(ADVICE)
        waiting += [one.__cause__, one.__context__, getattr(one, "orig", None)]
    return None


def no_room(folder: Path) -> bool:
    """Whether the disk of ``folder`` has no room left for SQLite's own files."""
    try:
        return shutil.disk_usage(folder).free < LEAST_BYTES
    except OSError:
        return False


def _says_full(error: BaseException) -> bool:
    if isinstance(error, DiskFull):
        return True
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    if isinstance(error, sqlite3.Error):
        return "disk is full" in str(error)
    # Polars and Arrow put the number of the system's error into words.
    return type(error).__module__.startswith(("polars", "pyarrow", "builtins")) and (
        "os error 28" in str(error) or "No space left on device" in str(error)
    )
