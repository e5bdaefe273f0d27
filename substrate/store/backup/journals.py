"""The journal beside the backups: what was erased or taken back since, line by line, each bound to the one before.

The first line says whose journal it is and where the folder lay when the home began to write to it: its absolute
path and inode. A copy of the folder has another inode, and the home does not write to it: it may be out of date.
"""

import hashlib
import hmac
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from substrate.store.backup.secret import BackupSecret
from substrate.store.errors import Tampered
from substrate.store.failpoints import failpoint
from substrate.store.files import write_atomic

NAME: Final = "erasures.jsonl"
FORMAT: Final = "lecs-backup-journal-1"


@dataclass
class FolderJournal:
    """A journal as it was read: where it belongs, whom it names, and the state of its chain.

    Attributes:
        erased: contribution -> rows. ``documents``: the canonical texts of public documents.
        size: bytes of the whole lines; ``last``: the mark that the next line is bound to.
        cut_off: whether a line without its end follows.
    """

    head: dict[str, Any]
    erased: dict[str, list[str]] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)
    size: int = 0
    last: str = ""
    cut_off: bool = False

    def lies_at(self, folder: Path) -> bool:
        """Whether ``folder`` is the one that the home wrote to, neither copied nor moved."""
        return (self.head["folder"], self.head["inode"]) == place_of(folder)


def place_of(folder: Path) -> tuple[str, int]:
    """Absolute path and inode of a folder."""
    resolved = folder.resolve()
    return str(resolved), resolved.stat().st_ino


def begin_journal(
    folder: Path, secret: BackupSecret, commons: str, log: str, home: Path, entries: list[dict[str, Any]]
) -> None:  # fmt: skip
    """Write the journal of this place with all that it has to say, in one step: a shorter one would look sound."""
    path, inode = place_of(folder)
    head = {
        "format": FORMAT,
        "series": secret.series,
        "commons": commons,
        "log": log,
        "home": str(home.resolve()),
        "folder": path,
        "inode": inode,
    }
    data, last = _line(head, "", secret)
    for entry in entries:
        line, last = _line(entry, last, secret)
        data += line
    write_atomic(folder / NAME, data, mode=0o600)


def read_journal(path: Path, secret: BackupSecret) -> FolderJournal:
    """Read and check every line.

    Raises:
        Tampered: a line was changed or left out, or the first one is not that of a journal. FileNotFoundError.
    """
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    lines = whole.split(b"\n")[:-1]
    journal = FolderJournal({}, size=len(whole), cut_off=len(whole) != len(raw))
    for number, line in enumerate(lines):
        body = _body(line)
        mark = body.pop("mark", None)
        journal.last = _mark(body, journal.last, secret)
        if number == 0:
            journal.head = _checked_head(body, secret)
        if not isinstance(mark, str) or not hmac.compare_digest(mark.encode(), journal.last.encode()):
            raise Tampered(f"{path.name} is damaged: line {number + 1} is not the one that was written")
        if number:
            _take(journal, body)
    if not lines:
        raise Tampered(f"{path.name} is empty")
    return journal


def salvage(path: Path) -> tuple[dict[str, list[str]], list[str]]:
    """What can be read of a damaged or foreign journal: more erased is the safe side, documents are signed."""
    journal = FolderJournal({})
    for line in path.read_bytes().split(b"\n"):
        try:
            _take(journal, _body(line))
        except Tampered:
            continue
    return journal.erased, journal.documents


def append_lines(
    folder: Path, secret: BackupSecret, at: int, last: str, entries: list[dict[str, Any]]
) -> tuple[int, str]:
    """Append entries behind the first ``at`` bytes; on disk when this returns. Gives the new size and mark."""
    data = b""
    for entry in entries:
        line, last = _line(entry, last, secret)
        data += line
    descriptor = os.open(folder / NAME, os.O_WRONLY)
    try:
        os.ftruncate(descriptor, at)
        failpoint("journal.begun")
        view, place = memoryview(data), at
        while view:
            written = os.pwrite(descriptor, view, place)
            view, place = view[written:], place + written
        failpoint("journal.lines")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return at + len(data), last


def _checked_head(body: dict[str, Any], secret: BackupSecret) -> dict[str, Any]:
    wanted = {"format", "series", "commons", "log", "home", "folder", "inode"}
    if body.get("format") != FORMAT or set(body) != wanted:
        raise Tampered(f"{NAME} is damaged: its first line is not that of a journal")
    if body["series"] != secret.series:
        raise Tampered(f"{NAME} belongs to the backups of another home")
    return body


def _take(journal: FolderJournal, body: dict[str, Any]) -> None:
    """One entry: an erasure, or a public document."""
    erased, document = body.get("contribution"), body.get("document")
    if isinstance(erased, str):
        rows = body.get("rows")
        journal.erased[erased] = [str(row) for row in rows] if isinstance(rows, list) else []
    elif isinstance(document, str):
        journal.documents.append(document)


def _body(line: bytes) -> dict[str, Any]:
    try:
        body = json.loads(line)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Tampered(f"{NAME} is damaged: a line cannot be read")
    return body


def _line(body: dict[str, Any], last: str, secret: BackupSecret) -> tuple[bytes, str]:
    mark = _mark(body, last, secret)
    return json.dumps({**body, "mark": mark}, separators=(",", ":"), ensure_ascii=True).encode("ascii") + b"\n", mark


def _mark(body: dict[str, Any], last: str, secret: BackupSecret) -> str:
    plain = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    return hmac.digest(secret.journal_key, last.encode() + b"\n" + plain, hashlib.sha256).hex()
