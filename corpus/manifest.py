"""`manifest.json` of an export: what the version is, and the SHA-256 of every file beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.version import FORMAT, version_id_of_root


@dataclass(frozen=True, slots=True)
class File:
    """A file of an export: its path there, SHA-256 in hexadecimal, size in bytes, rows (0: no table)."""

    path: str
    sha256: str
    bytes: int
    rows: int


def manifest_content(
    *,
    recipe: str,
    policy: str,
    steps: Mapping[str, str],
    root: str,
    items: int,
    withdrawn: int,
    built_from: Mapping[str, Any],
    files: Sequence[File],
) -> dict[str, Any]:
    """The content of manifest.json: strings, integers and lists within the record's profile.

    ``recipe`` and ``policy`` are digests, ``root`` that of all ``items``, the ``withdrawn`` ones included;
    ``built_from`` is what the signed `DatasetVersion` states. The version's id is computed, never passed in.
    """
    return {
        "version": version_id_of_root(recipe, policy, steps, root),
        "format": FORMAT,
        "built_from": dict(built_from),
        "recipe": recipe,
        "policy": policy,
        "steps": dict(steps),
        "root": root,
        "items": items,
        "files": [
            {"path": file.path, "sha256": file.sha256, "bytes": file.bytes, "rows": file.rows}
            for file in sorted(files, key=lambda file: file.path)
        ],
        "withdrawn": withdrawn,
    }
