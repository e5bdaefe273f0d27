"""One daemon for one home. The lock is the kernel's, so a killed daemon lets go of it."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from substrate.store.errors import Busy, ReadOnly

NAME: Final = "node.lock"


@contextlib.contextmanager
def node_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of HOME/mesh.

    Raises:
        Busy: a node is running on this home already. ReadOnly: the home cannot be written.
    """
    try:
        descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES):
            raise
        raise ReadOnly(f"{folder} cannot be written: its disk is read-only, or the folder is another user's") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise Busy(f"a node is running on this home already (process {pid}): `lecs node stop` stops it") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)
