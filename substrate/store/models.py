"""Approved models' bytes: copied into the home once, checked against the approval before every use."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from blake3 import blake3

from substrate.record.authority import Roles
from substrate.record.documents import Document
from substrate.store.errors import NotFound, Tampered
from substrate.store.failpoints import failpoint
from substrate.store.leftovers import sweep_beside

#: What a hub leaves beside a model, and no loader reads.
_BESIDE = frozenset({".gitattributes"})


def describe_files(folder: Path) -> list[dict[str, Any]]:
    """The ``files`` of a `ModelApproval`: path, both hashes and size of every file below ``folder``."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        if path.name in _BESIDE:
            continue
        data = path.read_bytes()
        found.append(
            {
                "path": path.relative_to(folder).as_posix(),
                "sha256": hashlib.sha256(data).hexdigest(),
                "blake3": blake3(data).hexdigest(),
                "bytes": len(data),
            }
        )
    return found


def approved(roles: Roles, name: str, use: str, as_of: str) -> Document:
    """The approval in force of the model ``name`` for ``use``.

    Raises:
        NotFound: no approval of that name is in force, it is not for this use, or it has expired.
    """
    found = [act for act in roles.in_force("ModelApproval") if act.body["name"] == name]
    if not found:
        raise NotFound(f"model {name}: no approval by the stewards is in force")
    approval = found[-1]
    if use not in approval.body["uses"]:
        raise NotFound(f"model {name} is not approved for {use}")
    if "expires" in approval.body and as_of >= approval.body["expires"]:
        raise NotFound(f"model {name}: its approval expired on {approval.body['expires']}")
    return approval


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


def verify_model(folder: Path, approval: dict[str, Any]) -> None:
    """Check every byte of a model against its approval.

    Raises:
        NotFound: a file is missing. Tampered: a file was changed, or one is there that was not approved.
    """
    wanted = {file["path"]: file for file in approval["files"]}
    for path, file in wanted.items():
        if not (folder / path).is_file():
            raise NotFound(f"{folder.name}/{path} is missing from this home")
        data = (folder / path).read_bytes()
        if hashlib.sha256(data).hexdigest() != file["sha256"] or blake3(data).hexdigest() != file["blake3"]:
            raise Tampered(f"models/{folder.name}/{path} was changed")
    extra = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - wanted.keys() - _BESIDE
    if extra:
        raise Tampered(f"models/{folder.name}/{sorted(extra)[0]} is not part of the approved model")
