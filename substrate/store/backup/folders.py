"""The folders that hold backups of this home, and keeping each one's journal up to date.

The home's own ledger and erasure journal are the source; a folder's journal is a copy of what in them takes
something back. A folder that cannot be reached is told later: what it lacks follows from what it was told last.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from substrate.store.backup.journals import NAME as JOURNAL
from substrate.store.backup.journals import FolderJournal, append_lines, begin_journal, place_of, read_journal
from substrate.store.backup.secret import BackupSecret, secret_here
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import Tampered
from substrate.store.failpoints import failpoint
from substrate.store.files import write_atomic
from substrate.store.home import Home

NAME: Final = "backups.json"
_FORMAT: Final = "lecs-backups-1"

#: Public documents that take something back: a home restored without them would forget a person's change of mind.
STRICTER: Final = (
    "ConsentWithdrawal", "ConsentNarrowing", "ConsentChange", "ModerationDecision", "Redaction", "Erased",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """A folder, its newest backup, and how far its journal was told.

    Attributes:
        entries, seq: how many erasures, and the last document by arrival, that it was told.
        size, last: the journal's bytes and chain mark then; another size means: read it again.
    """

    path: str
    inode: int
    newest: str = ""
    entries: int = 0
    seq: int = 0
    size: int = -1
    last: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a folder stands: ``behind`` is how many changes its journal still lacks."""

    path: str
    newest: str
    behind: int
    reached: bool
    detail: str


def known_folders(home: Path) -> list[KnownFolder]:
    """Every folder that ever received a backup of this home.

    Raises:
        Tampered: the list is damaged.
    """
    path = home / NAME
    if not path.exists():
        return []
    try:
        return [KnownFolder(**folder) for folder in json.loads(path.read_bytes())["folders"]]
    except (ValueError, KeyError, TypeError):
        raise Tampered(f"{NAME} is damaged: remove it, then make a backup into every folder again") from None


def begin_again(home: Path, time: str) -> None:
    """In a home restored from a backup of ``time``: read every journal again at the next occasion."""
    folders = [KnownFolder(folder.path, folder.inode, folder.newest or time) for folder in known_folders(home)]
    if folders:
        _remember(home, folders)


def enlist(home: Home, folder: Path, secret: BackupSecret) -> None:
    """Remember ``folder`` and bring its journal up to date, before the first byte of a backup goes there.

    It is remembered first: a journal that looks sound is one that the home goes on writing to. A folder that was
    copied or moved gets its journal anew, with all that this home and the copied journal know.

    Raises:
        Tampered: its journal is damaged, or belongs to another home.
    """
    path, inode = place_of(folder)
    with _locked(home.path):
        journal = read_journal(folder / JOURNAL, secret) if (folder / JOURNAL).exists() else None
        others = [known for known in known_folders(home.path) if known.path != path]
        newest = next((known.newest for known in known_folders(home.path) if known.path == path), "")
        known = KnownFolder(path, inode, newest)
        _remember(home.path, [*others, known])
        failpoint("backup.listed")
        if journal is None or not journal.lies_at(folder):
            entries = _everything(home, known, journal)
            begin_journal(folder, secret, home.commons, home.ledger.origin, home.path, entries)
            failpoint("backup.journal")
        _remember(home.path, [*others, _told(home, known, secret)])


def _everything(home: Home, folder: KnownFolder, copied: FolderJournal | None) -> list[dict[str, Any]]:
    """What this home knows, and what a copied journal knows besides."""
    if copied is not None:
        _learn(home, copied.erased)
    entries, _ = _missing(home, folder)
    if copied is not None:
        erased, documents = ({entry.get(key) for entry in entries} for key in ("contribution", "document"))
        entries += [{"contribution": c, "rows": rows} for c, rows in copied.erased.items() if c not in erased]
        entries += [{"document": text} for text in copied.documents if text not in documents]
    return entries


def note_backup(home: Path, folder: Path, time: str) -> None:
    """Remember when the newest backup of a folder was made."""
    path, _ = place_of(folder)
    with _locked(home):
        _remember(home, [replace(f, newest=time) if f.path == path else f for f in known_folders(home)])


def keep_told(home: Home, *, write: bool = True) -> list[Standing]:
    """Write what each folder's journal lacks; a folder that cannot be reached is told the next time.

    Never fails because of a folder: an erasure goes on, and the standing says what is open. Without ``write``
    it only looks.
    """
    if not (home.path / NAME).exists():
        return []
    with _locked(home.path):
        folders, secret = known_folders(home.path), secret_here(home.path)
        found = [_try(home, folder, secret, write) for folder in folders]
        after = [folder for folder, _ in found]
        if after != folders:
            _remember(home.path, after)
            failpoint("journal.told")
    return [standing for _, standing in found]


def _try(home: Home, folder: KnownFolder, secret: BackupSecret | None, write: bool) -> tuple[KnownFolder, Standing]:
    problem = ""
    try:
        if secret is None:
            problem = "the backup code is missing from this home: make a backup again"
        elif place_of(Path(folder.path)) != (folder.path, folder.inode):
            problem = "another folder is in its place"
        elif not (Path(folder.path) / JOURNAL).exists():
            problem = "its journal is gone: make a backup there again"
        elif write:
            folder = _told(home, folder, secret)
    except OSError as error:
        problem = f"cannot be reached: {error.strerror or type(error).__name__}"
    except Tampered as error:
        problem = str(error)
    behind = len(_missing(home, folder)[0])
    return folder, Standing(folder.path, folder.newest, behind, not problem, problem)


def _told(home: Home, folder: KnownFolder, secret: BackupSecret) -> KnownFolder:
    """Append what the journal lacks."""
    journal = Path(folder.path) / JOURNAL
    entries, mark = _missing(home, folder)
    size, last = folder.size, folder.last
    if journal.stat().st_size != folder.size:
        read = read_journal(journal, secret)
        _learn(home, read.erased)
        entries, mark = _missing(home, KnownFolder(folder.path, folder.inode))
        there = set(read.documents)
        entries = [e for e in entries if e.get("contribution") not in read.erased and e.get("document") not in there]
        size, last = read.size, read.last
        if not entries and read.cut_off:
            append_lines(Path(folder.path), secret, size, last, [])
    if entries:
        size, last = append_lines(Path(folder.path), secret, size, last, entries)
    return replace(folder, entries=mark[0], seq=mark[1], size=size, last=last)


def _learn(home: Home, erased: dict[str, list[str]]) -> None:
    """What a folder knows and this home does not (it was restored without it): its texts go here as well."""
    for contribution in erased.keys() - ErasureJournal(home.path).contributions():
        if rows := home.vault.rows(contribution):
            ErasureJournal(home.path).add(contribution, rows)


def _missing(home: Home, folder: KnownFolder) -> tuple[list[dict[str, Any]], tuple[int, int]]:
    """Entries that the folder was not told of yet, and how far they reach."""
    erased = list(ErasureJournal(home.path).entries().items())
    rows = home.database.connection.execute(
        f"SELECT seq, body FROM documents WHERE kind IN ({','.join('?' * len(STRICTER))}) AND seq > ? ORDER BY seq",  # noqa: S608
        (*STRICTER, folder.seq),
    ).fetchall()
    entries: list[dict[str, Any]] = [{"contribution": c, "rows": r} for c, r in erased[folder.entries :]]
    entries += [{"document": bytes(body).decode("utf-8")} for _, body in rows]
    return entries, (len(erased), rows[-1][0] if rows else folder.seq)


def _remember(home: Path, folders: list[KnownFolder]) -> None:
    body = {"format": _FORMAT, "folders": [asdict(f) for f in sorted(folders, key=lambda f: f.path)]}
    write_atomic(home / NAME, json.dumps(body, indent=1).encode("utf-8"), mode=0o600)


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One process at a time writes journals of this home; the kernel lets go when it dies."""
    descriptor = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
