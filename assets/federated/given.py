"""What this home gave away that stands on its own texts: terms and scores, each with the texts behind it.

One small file for each job, written before anything leaves. It holds ids and rows, which the public ledger has too, and
never a text; so it stays when a text is erased, and says what an erasure cannot call back.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from compute_mesh.node.identity import FOLDER as MESH
from compute_mesh.node.identity import mesh_folder
from substrate.store.errors import Tampered
from substrate.store.files import write_atomic
from substrate.store.home import Home

FOLDER: Final = "given"


@dataclass(frozen=True, slots=True)
class Given:
    """One answer: the job and who asked, its type (``lora``, ``evaluation``), the term's digest, and its texts."""

    job: str
    submitter: str
    type: str
    term: str
    time: str
    members: Sequence[tuple[str, str]]


def note_given(home: Home, given: Given) -> None:
    """Keep a note, on disk before this returns."""
    folder = mesh_folder(home.path) / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    write_atomic(folder / f"{given.job}.json", json.dumps(asdict(given), sort_keys=True).encode("ascii"), mode=0o600)


def all_given(home: Home) -> Iterator[Given]:
    """Every note of this home, oldest first."""
    found = [_read(path) for path in (home.path / MESH / FOLDER).glob("*.json")]
    yield from sorted(found, key=lambda one: (one.time, one.job))


def trained_on(home: Home) -> set[str]:
    """Contributions that went into a term which this home gave away."""
    return {contribution for one in all_given(home) if one.type == "lora" for contribution, _ in one.members}


def given_with(home: Home, contribution: str) -> list[Given]:
    """What was given away that stands on a text."""
    return [one for one in all_given(home) if any(member[0] == contribution for member in one.members)]


def _read(path: Path) -> Given:
    try:
        body = json.loads(path.read_bytes())
        return Given(**{**body, "members": [(contribution, row) for contribution, row in body["members"]]})
    except (ValueError, TypeError, KeyError):
        raise Tampered(
            f"mesh/{FOLDER}/{path.name} is damaged: move it away; what stands on which text is lost"
        ) from None
