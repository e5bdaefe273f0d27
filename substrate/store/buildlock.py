"""One build at a time per home. The lock is the kernel's, so a killed builder lets go of it."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from substrate.store.errors import Busy

NAME: Final = "build.lock"


@contextlib.contextmanager
def build_lock(
    home: Path, who: str, *, wait: float = 3600.0, waiting: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Hold the lock; ``waiting`` is told once who holds it.

    Raises:
        Busy: it was not free within ``wait`` seconds; the message names the holder.
    """
    path = home / NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, path, wait, waiting)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "who": who}).encode("ascii"), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def lock_holder(home: Path) -> str | None:
    """Who is building now, in words; None when nobody is."""
    path = home / NAME
    if not path.exists():
        return None
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(path)
    finally:
        os.close(descriptor)
    return None


def _take(descriptor: int, path: Path, wait: float, waiting: Callable[[str], None]) -> None:
    deadline, told = time.monotonic() + wait, False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                waiting(_holder(path))
                told = True
            if time.monotonic() >= deadline:
                raise Busy(f"a build is running already: {_holder(path)}") from None
            time.sleep(0.2)
        else:
            return


def _holder(path: Path) -> str:
    try:
        body = json.loads(path.read_bytes())
        return f"{body['who']} (process {body['pid']})"
    except (ValueError, KeyError, OSError):
        return "another process"
