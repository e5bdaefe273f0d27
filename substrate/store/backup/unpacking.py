"""Taking a backup apart into a folder beside the home to be: keys stay in memory, names are checked."""

import contextlib
import fcntl
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from substrate.store.backup.container import OpeningReader
from substrate.store.backup.writing import DATABASE, FILES, TREES
from substrate.store.errors import Tampered
from substrate.store.failpoints import failpoint
from substrate.store.files import sync_folder

_KEYS: Final = "keys"
_PIECE: Final = 1024 * 1024


@contextlib.contextmanager
def staged(target: Path) -> Iterator[Path]:
    """A folder beside ``target`` that takes its place when the block ends well, and goes away when it does not.

    What a killed restore left beside is removed first; it never holds keys together with erased texts.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}.restoring-"
    for left in target.parent.glob(f"{prefix}*"):
        _remove_if_dead(left)
    staging = target.with_name(f"{prefix}{os.getpid()}")
    staging.mkdir(mode=0o700)
    descriptor = os.open(staging, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        failpoint("restore.staged")
        yield staging
        _sync_tree(staging)
        failpoint("restore.synced")
        staging.replace(target)
        failpoint("restore.renamed")
        sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    finally:
        os.close(descriptor)


def unpack(reader: OpeningReader, staging: Path) -> dict[str, tuple[int, bytes]]:
    """Write everything but the keys; returns them as name -> (mode, bytes).

    Raises:
        Tampered: the file does not verify to its end, or holds a name that no backup has.
    """
    keys: dict[str, tuple[int, bytes]] = {}
    try:
        with tarfile.open(fileobj=cast(IO[bytes], reader), mode="r|") as tar:
            for member in tar:
                source = tar.extractfile(member) if member.isreg() else None
                if source is None or not _admitted(member.name):
                    raise Tampered("this backup holds a name that no backup has")
                if member.name.startswith(f"{_KEYS}/"):
                    keys[member.name] = (member.mode & 0o600, source.read())
                else:
                    _write(staging / member.name, source, member.mode & 0o644)
                    failpoint("restore.unpacking")
        reader.drain()
    except tarfile.TarError:
        raise Tampered("this backup cannot be read: what is in it is no archive") from None
    return keys


def write_keys(staging: Path, keys: dict[str, tuple[int, bytes]]) -> None:
    """Put the keys in place with the modes that they had."""
    for name, (mode, data) in keys.items():
        path = staging / name
        for folder in (staging / _KEYS, path.parent):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)


def _admitted(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if not parts or name != "/".join(parts) or ".." in parts or parts[0] == "/":
        return False
    return name in (DATABASE, *FILES) or any(name.startswith(f"{tree}/") for tree in TREES)


def _write(path: Path, source: IO[bytes], mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(source, file, _PIECE)


def _sync_tree(root: Path) -> None:
    """Everything on disk before the name appears."""
    for path in (*root.rglob("*"), root):
        sync_folder(path)  # fsync works on files the same way.


def _remove_if_dead(left: Path) -> None:
    """What another restore left, unless it is still running."""
    try:
        descriptor = os.open(left, os.O_RDONLY)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)
