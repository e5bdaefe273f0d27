"""Wiring of `lecs key api`: keys of the gateway as plain data."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from compute_mesh.gateway.keys import SCOPES, ApiKey, ApiKeys, Scope
from compute_mesh.node.identity import mesh_folder
from lecs_pipeline.clock import now
from substrate.store.errors import NoHome

__all__ = ["SCOPES", "keys_of", "new_key", "revoke_key"]


def new_key(path: Path, name: str, scopes: Sequence[str], per_minute: int, daily: int) -> dict[str, Any]:
    """A key, and what is kept of it."""
    text, made = _keys(path).new(name, now(), cast(Sequence[Scope], scopes), per_minute, daily)
    return {"key": text, **_shown(made)}


def keys_of(path: Path) -> list[dict[str, Any]]:
    """What is kept of every key."""
    return [_shown(one) for one in _keys(path).all()]


def revoke_key(path: Path, key: str) -> dict[str, Any]:
    """Take a key back."""
    return _shown(_keys(path).revoke(key, now()))


def _keys(path: Path) -> ApiKeys:
    if not (path / "keys").is_dir():
        raise NoHome(f"there is no home at {path}: run `lecs init`, or `lecs node init`")
    return ApiKeys(mesh_folder(path))


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id, "name": key.name, "scopes": list(key.scopes), "per_minute": key.per_minute, "daily": key.daily,
        "made": key.made, "revoked": key.revoked or None,
    }  # fmt: skip
