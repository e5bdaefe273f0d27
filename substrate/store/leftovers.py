"""What a process that died left beside the files it was writing: ``.NAME.PID.tmp``, swept by the next run."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

_LEFTOVER = re.compile(r"^\..+\.(?P<pid>[0-9]+)\.tmp$")
_FOUNDING = re.compile(r"^\..+\.founding-(?P<pid>[0-9]+)$")


def sweep_beside(path: Path) -> int:
    """Remove what dead writers of ``path`` left beside it; returns how many there were."""
    prefixes = (f".{path.name}.",)
    return _remove(entry for entry in _entries(path.parent) if entry.name.startswith(prefixes))


def sweep_home(home: Path) -> int:
    """Remove what dead processes left in a home: half-written receipts, blobs and files of the home itself."""
    folders = [home, home / "receipts", home / "exports", home / "models", home / "pieced", *_entries(home / "blobs")]
    return _remove(entry for folder in folders for entry in _entries(folder))


def _remove(entries: Iterator[Path]) -> int:
    swept = 0
    for entry in entries:
        found = _LEFTOVER.match(entry.name) or _FOUNDING.match(entry.name)
        if found is None or _runs(int(found["pid"])):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
        swept += 1
    return swept


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            return [Path(entry.path) for entry in found if entry.is_dir() or entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _runs(pid: int) -> bool:
    """Whether such a process runs; this very one is not writing anything while it sweeps."""
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
