"""What is known of erasures since a backup, from every journal at hand, and whether that can be trusted.

Trusted means: the journal lies beside the backup, where the home kept writing to it. A folder that was copied,
moved, or put back from a copy has a journal that may be older than the last erasure.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from substrate.store.backup.journals import FORMAT, FolderJournal, read_journal, salvage
from substrate.store.backup.journals import NAME as JOURNAL
from substrate.store.backup.secret import BackupSecret
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import LostErasures, Tampered
from substrate.store.home import PIN

_ACCEPT: Final = (
    "texts that were erased since might come back. Restore from the folder that the home wrote to, or say "
    "--accept-lost-erasures: it is logged"
)


_URN: Final = re.compile(r"^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@dataclass
class Evidence:
    """Erased contributions with their rows, signed documents as text, and whether the journal is sound."""

    sound: bool
    erased: dict[str, list[str]] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)

    def add(self, erased: dict[str, list[str]], documents: Iterable[str]) -> None:
        """What one journal says; what is no id (in a damaged line) is nobody's text."""
        for contribution, rows in erased.items():
            if not _URN.match(contribution):
                continue
            self.erased[contribution] = rows or self.erased.get(contribution, [])
        self.documents += documents


def gather_evidence(folder: Path, secret: BackupSecret, journals: Iterable[Path], *, accept: bool) -> Evidence:
    """Read the journal beside the backup, further ones, and that of the home itself where it still lies.

    Raises:
        LostErasures: the journal beside is absent, damaged, of another home, or its folder was copied or moved,
            and that was not accepted. Tampered: a further journal is damaged.
    """
    evidence = Evidence(sound=True)
    try:
        beside = _beside(folder, secret)
    except LostErasures:
        if not accept:
            raise
        evidence.sound = False
        if (folder / JOURNAL).is_file():
            evidence.add(*salvage(folder / JOURNAL))
    else:
        evidence.add(beside.erased, beside.documents)
        _read_home(evidence, beside)
    for path in journals:
        _read_further(evidence, path, secret)
    return evidence


def _beside(folder: Path, secret: BackupSecret) -> FolderJournal:
    try:
        journal = read_journal(folder / JOURNAL, secret)
    except FileNotFoundError:
        raise LostErasures(f"there is no {JOURNAL} beside this backup: {_ACCEPT}") from None
    except Tampered as error:
        raise LostErasures(f"{error}: {_ACCEPT}") from None
    if journal.cut_off:
        raise LostErasures(f"{JOURNAL} beside this backup is cut off: {_ACCEPT}")
    if not journal.lies_at(folder):
        raise LostErasures(
            f"this folder was copied or moved since the home wrote to it as {journal.head['folder']}: {_ACCEPT}"
        )
    return journal


def _read_home(evidence: Evidence, journal: FolderJournal) -> None:
    """The home that made the backup, if it still lies on this machine: its own journal is the newest of all."""
    home = Path(journal.head["home"])
    try:
        pin = json.loads((home / PIN).read_bytes())
        same = pin["commons"] == journal.head["commons"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if same:
        evidence.add(ErasureJournal(home).entries(), ())


def _read_further(evidence: Evidence, path: Path, secret: BackupSecret) -> None:
    """A journal that somebody brought: that of another backup folder, or the home's own."""
    with path.open("rb") as file:
        first = file.readline(4096)
    if FORMAT.encode("ascii") in first:
        journal = read_journal(path, secret)
        evidence.add(journal.erased, journal.documents)
    else:
        evidence.add(ErasureJournal(path.parent, path.name).entries(), ())
