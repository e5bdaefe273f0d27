"""Taking the file away once its batch is sealed: renamed first, so that a process that dies leaves no half archive."""

import os
import stat
from pathlib import Path
from typing import Final

from consent.inbox.folder import CONSUMED, Seen, being_written, mark_of
from substrate.store.failpoints import failpoint
from substrate.store.files import sync_folder

_PIECE: Final = bytes(1024 * 1024)


class Changed(Exception):
    """The file is not the one that was read: it stays, and nothing of it was taken."""


def claim(seen: Seen, batch: str) -> Path:
    """Give the file a hidden name, under which every later scan removes it.

    Raises:
        Changed: somebody wrote to it, or put another in its place.
    """
    hidden = seen.path.with_name(f".{batch[:32]}{CONSUMED}")
    try:
        if mark_of(seen.path.lstat()) != seen.mark or being_written(seen.path):
            raise Changed
        seen.path.rename(hidden)
    except OSError:
        raise Changed from None
    if mark_of(hidden.lstat()) != seen.mark:
        hidden.rename(seen.path)
        raise Changed
    sync_folder(hidden.parent)
    return hidden


def wipe(hidden: Path) -> None:
    """Overwrite with zeros, sync, remove. What a file system keeps of old blocks is beyond this."""
    descriptor = os.open(hidden, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        state = os.fstat(descriptor)
        if stat.S_ISREG(state.st_mode) and state.st_nlink == 1:
            left = state.st_size
            while left > 0:
                left -= os.write(descriptor, _PIECE[:left])
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    failpoint("pending-scan.overwritten")
    hidden.unlink()
    sync_folder(hidden.parent)


def finish_removals(folder: Path) -> int:
    """Remove what a process that died had claimed; its batches are sealed. How many there were."""
    claimed = [path for path in sorted(folder.glob(f".*{CONSUMED}")) if stat.S_ISREG(path.lstat().st_mode)]
    for path in claimed:
        wipe(path)
    return len(claimed)
