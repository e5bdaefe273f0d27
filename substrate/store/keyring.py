"""Private keys as files of mode 0600 in a folder of mode 0700; both are checked before a key is used.

Contributors' keys carry no name: a key is found again by HMAC(home key, kind and name), so that the folder
does not tell who writes under which heteronym, and keeps no name once a person is gone.
"""

import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from substrate.record.keys import Signer
from substrate.store.errors import HomeExists, NotFound, UnsafeKey
from substrate.store.files import write_atomic


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What can be shown of a key: its role or contributor kind, and its public half."""

    role: str
    did: str
    path: Path


class Keyring:
    """The keys of one home: ``node``, ``steward``, the home's own secret, and contributors'."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is HOME/keys."""
        self.folder = folder

    def create(self, role: str) -> Signer:
        """Make the key of a role (``node``, ``steward``).

        Raises:
            HomeExists: there is one already; keys are never overwritten.
        """
        return self._write(self.folder / f"{role}.json", role, "")

    def signer(self, role: str) -> Signer:
        """The key of a role.

        Raises:
            NotFound: there is none. UnsafeKey: it is readable by others, or damaged.
        """
        return Signer(self._read(self.folder / f"{role}.json")[0])

    def has(self, role: str) -> bool:
        """Whether there is a key of this role."""
        return (self.folder / f"{role}.json").exists()

    def secret(self, purpose: str) -> bytes:
        """32 bytes for one purpose, derived from the home's own secret key (made on first use)."""
        path = self.folder / "home.json"
        if not path.exists():
            self.create("home")
        return hmac.digest(self._read(path)[0], purpose.encode("utf-8"), hashlib.sha256)

    def create_contributor(self, kind: str, name: str) -> Signer:
        """Make a contributor's key.

        Raises:
            HomeExists: this kind and name has one.
        """
        return self._write(self._contributor_path(kind, name), kind, "contributors")

    def contributor(self, kind: str, name: str) -> Signer | None:
        """The key of a contributor, if the keyring has it."""
        path = self._contributor_path(kind, name)
        return Signer(self._read(path)[0]) if path.exists() else None

    def by_did(self, did: str) -> Signer | None:
        """A contributor's key by its public half, if it is here."""
        return next((Signer(self._read(f.path)[0]) for f in self.files() if f.did == did), None)

    def files(self) -> list[KeyFile]:
        """Every key here, without its private half.

        Raises:
            UnsafeKey: one of them is readable by others, or damaged.
        """
        paths = [*sorted(self.folder.glob("*.json")), *sorted(self.folder.glob("contributors/*.json"))]
        return [KeyFile(role, Signer(seed).did, path) for path in paths for seed, role in [self._read(path)]]

    def _contributor_path(self, kind: str, name: str) -> Path:
        reference = hmac.digest(self.secret("keyring"), f"{kind}\n{name}".encode(), hashlib.sha256).hex()[:32]
        return self.folder / "contributors" / f"{reference}.json"

    def _write(self, path: Path, role: str, subfolder: str) -> Signer:
        for folder in (self.folder, self.folder / subfolder):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        if path.exists():
            raise HomeExists(f"{path.name} exists; a key is never overwritten")
        seed = secrets.token_bytes(32)
        signer = Signer(seed)
        body = {"format": "lecs-key-1", "role": role, "public": signer.did, "seed": seed.hex()}
        write_atomic(path, json.dumps(body, indent=1).encode("ascii"), mode=0o600)
        return signer

    def _read(self, path: Path) -> tuple[bytes, str]:
        shown = f"keys/{path.relative_to(self.folder)}"
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            raise NotFound(f"{shown} does not exist") from None
        if stat.S_IMODE(path.parent.stat().st_mode) & 0o077:
            raise UnsafeKey(f"the folder of {shown} is open to others: chmod 700 it")
        if stat.S_IMODE(mode) & 0o077 or path.stat().st_uid != os.geteuid():
            raise UnsafeKey(f"{shown} can be read by others: chmod 600 it (and consider it known to them)")
        try:
            body = json.loads(path.read_bytes())
            seed = bytes.fromhex(body["seed"])
            fits = len(seed) == 32 and Signer(seed).did == body["public"]
            role = str(body["role"])
        except (ValueError, KeyError, TypeError):
            fits, seed, role = False, b"", ""
        if not fits:
            raise UnsafeKey(f"{shown} is damaged: its two halves do not belong together")
        return seed, role
