"""Which texts of this home were sent to other nodes: a note for each job, on disk before it is submitted.

A note holds rows, which the public ledger has too, and never a text; so it stays when a text is erased, and says what
an erasure cannot call back. A job that ran on this home's own node at the first try leaves none: nothing left.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from compute_mesh.node.identity import FOLDER as MESH
from compute_mesh.node.identity import mesh_folder, read_identity
from substrate.store.errors import Tampered
from substrate.store.files import write_atomic

FOLDER: Final = "sent"


@dataclass(frozen=True, slots=True)
class Sent:
    """One job with texts of this home: its type, when it was written, their rows, and the node that did it.

    ``node`` is empty where the job did not end well: whoever tried may have seen the texts.
    """

    job: str
    type: str
    time: str
    rows: Sequence[str]
    node: str = ""


def note_sent(home: Path, sent: Sent) -> None:
    """Keep a note, on disk before this returns."""
    (mesh_folder(home) / FOLDER).mkdir(mode=0o700, exist_ok=True)
    write_atomic(_path(home, sent.job), json.dumps(asdict(sent), sort_keys=True).encode("ascii"), mode=0o600)


def note_done(home: Path, sent: Sent, node: str, tries: int) -> None:
    """The job was done by a node, after so many tries."""
    if tries <= 1 and node == read_identity(home).node.did:
        forget(home, sent)
        return
    note_sent(home, replace(sent, node=node))


def forget(home: Path, sent: Sent) -> None:
    """Nothing was sent after all."""
    _path(home, sent.job).unlink(missing_ok=True)


def sent_with(home: Path, rows: Iterable[str]) -> list[Sent]:
    """Jobs in which one of these rows was sent, oldest first.

    Raises:
        Tampered: a note is damaged.
    """
    wanted = set(rows)
    found = map(_read, _folder(home).glob("*.json"))
    return sorted((one for one in found if wanted & set(one.rows)), key=lambda one: (one.time, one.job))


def _read(path: Path) -> Sent:
    try:
        return Sent(**json.loads(path.read_bytes()))
    except (ValueError, TypeError):
        raise Tampered(
            f"mesh/{FOLDER}/{path.name} is damaged: move it away; where texts went in that job is lost"
        ) from None


def _path(home: Path, job: str) -> Path:
    return _folder(home) / f"{job}.json"


def _folder(home: Path) -> Path:
    """Where notes are, if there are any: looking makes nothing."""
    return home / MESH / FOLDER
