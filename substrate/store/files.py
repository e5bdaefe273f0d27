"""Files that are whole or absent: written beside, synced, then renamed."""

import os
import stat
from pathlib import Path


class NotAPlainFile(OSError):
    """A folder, pipe, socket or device where a file was expected: it might never end."""


def plain_file(path: Path) -> Path:
    """``path``, if it is a file that can be read to its end.

    Raises:
        NotAPlainFile: it is something else. OSError: it is not there.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise NotAPlainFile(f"{path} is not a plain file")
    return path


def read_plain(path: Path, most: int) -> bytes:
    """The bytes of a plain file, cut after ``most`` + 1: whoever reads them says what is too long.

    Raises:
        NotAPlainFile: see `plain_file`.
    """
    with plain_file(path).open("rb") as file:
        return file.read(most + 1)


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
    """Replace ``path`` by ``data`` in one step; with ``durable`` it is on disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def overwrite_and_remove(path: Path) -> None:
    """Overwrite a file with zeros, sync, remove it. (On copy-on-write disks the old blocks may linger.)"""
    if not path.exists():
        return
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(b"\x00" * size)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)
