"""Approved models' bytes: copied into the home once, checked against the approval before every use."""

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from blake3 import blake3

from substrate.record.authority import Roles
from substrate.record.documents import Document
from substrate.store.errors import NotFound, Tampered
from substrate.store.failpoints import failpoint
from substrate.store.leftovers import sweep_beside

Refusal = Literal["unknown", "other-use", "expired", "revoked", "missing"]

#: What a hub leaves beside a model, and no loader reads.
_BESIDE = frozenset({".gitattributes"})
#: Bytes that are read at a time: models are larger than memory.
_PIECE: Final = 1 << 22


class ModelRefused(NotFound):
    """A model that does not run here; ``reason`` names why. (Altered bytes are `Tampered`.)"""

    def __init__(self, reason: Refusal, sentence: str) -> None:
        """``sentence`` is for the person; the reason stands in front of it."""
        self.reason = reason
        super().__init__(f"{reason}: {sentence}")


def identity(approval: dict[str, Any]) -> str:
    """How a model is called where its version matters, and how its folder is called in a home."""
    return f"{approval['name']}-{approval['version']}"


def packaged_only(approval: dict[str, Any]) -> bool:
    """Whether the bytes are read where a package is installed, and are not expected in the home."""
    return bool(approval["source"].startswith("pypi:")) and "redaction" not in approval["uses"]


def describe_files(folder: Path) -> list[dict[str, Any]]:
    """The ``files`` of a `ModelApproval`: path, both hashes and size of every file below ``folder``."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return [describe_file(path, folder) for path in files if path.name not in _BESIDE]


def describe_file(path: Path, folder: Path) -> dict[str, Any]:
    """One of the ``files`` of a `ModelApproval`: ``path`` relative to ``folder``, both hashes and the size."""
    sha256, other, size = hashlib.sha256(), blake3(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            sha256.update(piece)
            other.update(piece)
            size += len(piece)
    place = path.relative_to(folder).as_posix()
    return {"path": place, "sha256": sha256.hexdigest(), "blake3": other.hexdigest(), "bytes": size}


def approved(roles: Roles, name: str, use: str, as_of: str) -> Document:
    """The approval in force of a model for ``use``; ``name`` may be followed by its version, as in `identity`.

    Of several versions of that name, the highest.

    Raises:
        ModelRefused: no approval of that name is in force, it was taken back, is not for this use, or has expired.
    """
    found = [act for act in roles.in_force("ModelApproval") if name in (act.body["name"], identity(act.body))]
    if not found:
        raise ModelRefused("unknown", f"model {name}: no approval by the stewards is in force")
    revoked = roles.revoked_models()
    standing = [act for act in found if act.digest not in revoked]
    if not standing:
        raise ModelRefused("revoked", f"model {name}: {revoked[found[-1].digest].body['reason']}")
    usable = [act for act in standing if use in act.body["uses"]]
    if not usable:
        raise ModelRefused("other-use", f"model {name} is not approved for {use}")
    current = [act for act in usable if not has_expired(act.body, as_of)]
    if not current:
        raise ModelRefused("expired", f"model {name}: its approval expired on {usable[-1].body['expires']}")
    return max(current, key=lambda act: (version_order(act.body["version"]), act.digest))


def has_expired(approval: dict[str, Any], as_of: str) -> bool:
    """Whether the end that an approval states has come."""
    return "expires" in approval and as_of >= approval["expires"]


def version_order(version: str) -> Sequence[tuple[int, int, str]]:
    """A key by which versions sort: numbers as numbers."""
    parts = re.findall(r"\d+|[^\d]+", version)
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


def copy_model(source: Path, target: Path, approval: dict[str, Any]) -> None:
    """Copy the files that an approval lists; they appear together."""
    sweep_beside(target)
    staging = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    for file in approval["files"]:
        destination = staging / file["path"]
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file["path"], destination)
    failpoint("model.copied")
    staging.replace(target)


def verify_model(folder: Path, approval: dict[str, Any], *, alone: bool = True) -> None:
    """Check every byte of a model against its approval.

    ``alone``: the folder holds the model and nothing else, as in a home; a package may keep more beside it.

    Raises:
        ModelRefused: a file is missing. Tampered: a file was changed, or one is there that was not approved.
    """
    wanted = {file["path"]: file for file in approval["files"]}
    for path, file in wanted.items():
        place = folder / path
        if not place.is_file():
            raise ModelRefused("missing", f"{folder.name}/{path} is missing from this home")
        if place.stat().st_size != file["bytes"] or describe_file(place, folder) != file:
            raise Tampered(f"altered: models/{folder.name}/{path} was changed")
    if not alone:
        return
    extra = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - wanted.keys() - _BESIDE
    if extra:
        raise Tampered(f"altered: models/{folder.name}/{sorted(extra)[0]} is not part of the approved model")
