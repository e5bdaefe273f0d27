"""One-time keys that this node gave out: kept as hashes, each good for one newcomer and for a limited time."""

import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Any, Final

from compute_mesh.peers.ticket import KEY_BYTES
from substrate.store.errors import Tampered
from substrate.store.files import write_atomic

NAME: Final = "invites.json"


class Invites:
    """The keys of HOME/mesh/invites.json."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is HOME/mesh."""
        self.path = folder / NAME

    def make(self, expires: str) -> bytes:
        """A new key, on disk before it is told."""
        key = secrets.token_bytes(KEY_BYTES)
        self._write([*self._read(), {"hash": _hash(key), "expires": expires, "node": ""}])
        return key

    def use(self, key: bytes, node: str, now: str) -> bool:
        """Whether ``node`` may come in with this key; from then on nobody else may. Asking again is the same."""
        found = self._read()
        for entry in found:
            if hmac.compare_digest(entry["hash"], _hash(key)):
                if entry["node"] == node:
                    return True
                if entry["node"] or entry["expires"] <= now:
                    return False
                entry["node"] = node
                self._write(found)
                return True
        return False

    def newcomers(self) -> set[str]:
        """Nodes that came with a ticket of this node."""
        return {entry["node"] for entry in self._read() if entry["node"]}

    def _read(self) -> list[dict[str, str]]:
        if not self.path.exists():
            return []
        try:
            found: list[Any] = json.loads(self.path.read_bytes())
            return [{name: str(entry[name]) for name in ("hash", "expires", "node")} for entry in found]
        except (ValueError, KeyError, TypeError):
            raise Tampered(f"mesh/{NAME} is damaged: remove it, and give out new tickets") from None

    def _write(self, entries: list[dict[str, str]]) -> None:
        write_atomic(self.path, json.dumps(entries, indent=1).encode("ascii"), mode=0o600)


def _hash(key: bytes) -> str:
    return hashlib.sha256(b"lecs/one-time-key/1\n" + key).hexdigest()
