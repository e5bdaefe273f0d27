"""Making a backup: one consistent state of the home, streamed into one encrypted file, whole or not there."""

import fcntl
import os
import secrets
import sqlite3
import stat
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from substrate.store.backup.container import Label, SealingWriter
from substrate.store.backup.folders import NAME as FOLDERS
from substrate.store.backup.folders import enlist, known_folders, note_backup
from substrate.store.backup.journals import NAME as JOURNAL
from substrate.store.backup.secret import NAME as SECRET
from substrate.store.backup.secret import make_secret, secret_here
from substrate.store.failpoints import failpoint
from substrate.store.files import sync_folder
from substrate.store.home import PIN, Home
from substrate.store.leftovers import sweep_beside

SUFFIX: Final = ".lecs-backup"
DATABASE: Final = "ledger.sqlite3"
#: What goes in besides the database, keys last: a restore holds them back until erased texts are gone.
FILES: Final = (PIN, JOURNAL, FOLDERS)
TREES: Final = ("blobs", "models", "mesh/given", "mesh/sent", "keys")


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The file, its size, the code's 20 bytes, and whether this was the first whole backup of the home."""

    path: Path
    size: int
    code: bytes
    first: bool


def write_backup(home: Home, folder: Path, time: str) -> BackedUp:
    """Write one backup into ``folder``. Others may go on writing to the home.

    The folder's journal is begun first: what is erased while the backup is made is in it.

    Raises:
        Tampered: the folder's journal is damaged or belongs to another home. OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in (home.path / DATABASE, home.path / FOLDERS, home.path / SECRET, folder / JOURNAL):
        sweep_beside(path)
    secret = secret_here(home.path) or make_secret(home.path)
    failpoint("backup.secret")
    first = not any(known.newest for known in known_folders(home.path))
    _remove_unfinished(folder)
    enlist(home, folder, secret)
    label = Label(secret.series, secret.check, time)
    path = folder / f"{time.replace(':', '').replace('-', '')}-{secrets.token_hex(2)}{SUFFIX}"
    temporary = folder / f".{path.name}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            sealing = SealingWriter(file, label, secret.file_key)
            _pack(home, sealing)
            sealing.finish()
            file.flush()
            os.fsync(file.fileno())
        failpoint("backup.file")
        temporary.replace(path)
        failpoint("backup.renamed")
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(folder)
    note_backup(home.path, folder, time)
    failpoint("backup.noted")
    return BackedUp(path, path.stat().st_size, secret.code, first)


def _pack(home: Home, out: SealingWriter) -> None:
    """The database of one moment first; what else is needed for it is there by then, and never goes away."""
    with tarfile.open(fileobj=cast(IO[bytes], out), mode="w|", format=tarfile.PAX_FORMAT) as tar:
        with _database_copy(home) as (file, size):
            tar.addfile(_member(DATABASE, size, 0o600), file)
        failpoint("backup.packing")
        for name in FILES:
            if (home.path / name).exists():
                _add(tar, home.path, home.path / name)
        for tree in TREES:
            for path in sorted(p for p in (home.path / tree).rglob("*") if p.is_file() and not p.name.endswith(".tmp")):
                _add(tar, home.path, path)


def _add(tar: tarfile.TarFile, root: Path, path: Path) -> None:
    """One file as it is now: a line that is appended meanwhile is not cut in two."""
    with path.open("rb") as file:
        state = os.fstat(file.fileno())
        tar.addfile(_member(path.relative_to(root).as_posix(), state.st_size, stat.S_IMODE(state.st_mode)), file)


def _member(name: str, size: int, mode: int) -> tarfile.TarInfo:
    """No owner, no time: nothing of the machine."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, mode
    return member


def _remove_unfinished(folder: Path) -> None:
    """What killed backups left; one that is being written is locked."""
    for left in folder.glob(f".*{SUFFIX}.tmp"):
        with left.open("rb") as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink(missing_ok=True)


@contextmanager
def _database_copy(home: Home) -> Iterator[tuple[BinaryIO, int]]:
    """One state of the database, by SQLite's own copying; writers are not held up.

    The copy loses its name as soon as it is open, so that a killed backup leaves nothing that an erasure would
    have to find; at the end it is overwritten.
    """
    path = home.path / f".{DATABASE}.backup.{os.getpid()}.tmp"
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as copy:
                copy.execute("PRAGMA journal_mode=OFF")
                copy.execute("PRAGMA synchronous=OFF")
                failpoint("backup.copy")
                path.unlink()
                home.database.connection.backup(copy, pages=-1)
            size = os.fstat(file.fileno()).st_size
            yield file, size
            _overwrite(file, size)
        finally:
            path.unlink(missing_ok=True)


def _overwrite(file: BinaryIO, size: int) -> None:
    file.seek(0)
    blank = bytes(1024 * 1024)
    while size > 0:
        size -= file.write(blank[:size])
    file.flush()
