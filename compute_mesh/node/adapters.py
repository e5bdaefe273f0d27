"""Adapters that this home made of texts, and which of them hold one that was taken back since: jobs refuse these.

Files of an adapter are destroyed with the texts in it, and copies may lie elsewhere. So what went into an adapter is
noted beside, by the digest of its file, and stays: random ids of contributions, no text.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from consent.survey import survey_one
from substrate.record.authority import Roles
from substrate.store.files import write_atomic
from substrate.store.home import Home
from substrate.store.trained import TrainedFiles

NAME: Final = "adapters.json"
#: GGUF files of what is served, as jobs name them by their SHA-256.
_FILES: Final = (Path("adapter.gguf"), Path("release") / "adapter.gguf")


def withdrawn_adapters(home: Home, roles: Roles, folder: Path, now: str) -> frozenset[str]:
    """SHA-256 of the adapters made here that hold a text which was withdrawn or erased since.

    Args:
        folder: where what went into them is noted.
    """
    noted = _read(folder / NAME)
    found = noted | dict(_served(home, noted))
    mark = home.ledger.high_water()
    for digest, about in found.items():
        if about["back"] or about["mark"] == mark:
            continue
        touched = set(about["texts"]) & home.ledger.touched_since(about["mark"])
        back = any(_taken_back(home, roles, contribution, now) for contribution in touched)
        found[digest] = {**about, "mark": mark, "back": back}
    if found != noted:
        write_atomic(folder / NAME, json.dumps(found, sort_keys=True).encode("ascii"), mode=0o600, durable=False)
    return frozenset(digest for digest, about in found.items() if about["back"])


def _served(home: Home, noted: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is served here and is not noted yet, with every text in it, and when the gate was asked about them."""
    files = TrainedFiles(home.path)
    known = {about["served"] for about in noted.values()}
    for path in sorted((files.folder / "served").glob("*")):
        about = files.noted(path.name) if path.name not in known else None
        if about is None:
            continue
        terms = [files.about(digest) or {"members": []} for digest in about["terms"]]
        texts = sorted({member[0] for term in terms for member in term["members"]})
        for file in (path / name for name in _FILES):
            if file.exists():
                with file.open("rb") as opened:
                    digest = hashlib.file_digest(opened, "sha256").hexdigest()
                yield digest, {"served": path.name, "texts": texts, "mark": int(about["mark"]), "back": False}


def _taken_back(home: Home, roles: Roles, contribution: str, now: str) -> bool:
    found = survey_one(home, roles, contribution, now)
    return found is None or found.state.withdrawn or found.state.erased


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found
