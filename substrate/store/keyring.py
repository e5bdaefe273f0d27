"""Private keys as files of mode 0600 in a folder of mode 0700; both are checked before a key is used.

Contributors' keys carry no name: a key is found again by HMAC(home key, kind and name), so that the folder
does not tell who writes under which heteronym, and keeps no name once a person is gone.

``next/`` holds a role's key that is not in use yet, ``retired/`` contributors' keys that sign no more but still
speak for what they signed, ``revoked`` the public halves of contributors' keys that do neither.
"""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from substrate.record.keys import Signer
from substrate.store.errors import HomeExists, NotFound, UnsafeKey
from substrate.store.files import overwrite_and_remove, sync_folder, write_atomic

RETIRED: Final = "retired"
NEXT: Final = "next"
REVOKED: Final = "revoked"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What can be shown of a key: its role or contributor kind, and its public half."""

    role: str
    did: str
    path: Path

    @property
    def retired(self) -> bool:
        """Whether it signs nothing new, and is kept for what it signed before."""
        return self.path.parent.name == RETIRED


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

    def seed(self, role: str) -> bytes:
        """The private half of a role's key, to be exported."""
        return self._read(self.folder / f"{role}.json")[0]

    def put(self, role: str, seed: bytes) -> Signer:
        """Take a key of a role back in.

        Raises:
            HomeExists: there is one already.
        """
        return self._write(self.folder / f"{role}.json", role, "", seed)

    def staged(self, role: str) -> Signer:
        """The key that is to follow a role's key; made on first use, the same for every process that asks."""
        path = self.folder / NEXT / f"{role}.json"
        if not path.exists():
            own = self.folder / NEXT / f"{role}.{os.getpid()}.new"
            own.unlink(missing_ok=True)
            self._write(own, role, NEXT)
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(own)
            own.unlink()
            sync_folder(path.parent)
        return Signer(self._read(path)[0])

    def staged_did(self, role: str) -> str | None:
        """The public half of the key that waits to follow a role's key, if one does."""
        try:
            return Signer(self._read(self.folder / NEXT / f"{role}.json")[0]).did
        except NotFound:
            return None

    def install(self, role: str) -> None:
        """Put the staged key in the place of a role's key, and overwrite the old one. Doing it twice does no harm."""
        path, following = self.folder / f"{role}.json", self.folder / NEXT / f"{role}.json"
        with path.open("r+b") as old:
            size = len(old.read())
            try:
                following.replace(path)
            except FileNotFoundError:
                return  # Another process was quicker, and ``old`` may be the new key.
            old.seek(0)
            old.write(b"\x00" * size)
            old.flush()
            os.fsync(old.fileno())
        sync_folder(path.parent)

    def create_contributor(self, kind: str, name: str, seed: bytes | None = None) -> Signer:
        """Make a contributor's key, or take the one of ``seed`` back in.

        Raises:
            HomeExists: this kind and name has one. UnsafeKey: it was revoked here.
        """
        if seed is not None and self.is_revoked(Signer(seed).did):
            raise UnsafeKey("this key was revoked here: nobody can take it back in")
        self._finish_revocation(kind, name)
        return self._write(self._contributor_path(kind, name), kind, "contributors", seed)

    def contributor(self, kind: str, name: str) -> Signer | None:
        """The key of a contributor, if the keyring has it and it was not revoked."""
        path = self._contributor_path(kind, name)
        signer = Signer(self._read(path)[0]) if path.exists() else None
        return None if signer is None or self.is_revoked(signer.did) else signer

    def contributor_seed(self, kind: str, name: str) -> bytes:
        """The private half of a contributor's key, to be exported.

        Raises:
            NotFound: there is none.
        """
        if self.contributor(kind, name) is None:
            raise NotFound("the keyring has no key of this kind and name")
        return self._read(self._contributor_path(kind, name))[0]

    def rotate_contributor(self, kind: str, name: str) -> tuple[str, str]:
        """Retire a contributor's key and make another; returns (old, new). The old one is kept before it goes.

        Raises:
            NotFound: there is none.
        """
        seed = self.contributor_seed(kind, name)
        old = Signer(seed).did
        retired = self._retired_path(old)
        if not retired.exists():  # A rotation that broke here goes on.
            self._write(retired, kind, RETIRED, seed)
        new = secrets.token_bytes(32)
        write_atomic(self._contributor_path(kind, name), _content(kind, new), mode=0o600)
        return old, Signer(new).did

    def revoke_contributor(self, kind: str, name: str, did: str | None = None) -> str:
        """Revoke a contributor's key, or the one with the public half ``did``; its private half is overwritten.

        Raises:
            NotFound: there is none.
        """
        if did is None:
            path = self._contributor_path(kind, name)
            if not path.exists():
                raise NotFound("the keyring has no key of this kind and name")
            did = Signer(self._read(path)[0]).did
        known = self._revoked()
        if did not in known:
            write_atomic(self.folder / REVOKED, "".join(f"{d}\n" for d in sorted({*known, did})).encode(), mode=0o600)
        for file in self.files():
            if file.did == did and file.path.parent != self.folder:
                overwrite_and_remove(file.path)
        return did

    def is_revoked(self, did: str) -> bool:
        """Whether this contributor's key was revoked here."""
        return did in self._revoked()

    def by_did(self, did: str) -> Signer | None:
        """A contributor's key by its public half, if it is here (a retired one too) and was not revoked."""
        if self.is_revoked(did):
            return None
        return next((Signer(self._read(f.path)[0]) for f in self.files() if f.did == did), None)

    def files(self) -> list[KeyFile]:
        """Every key here, without its private half.

        Raises:
            UnsafeKey: one of them is readable by others, or damaged.
        """
        folders = (self.folder, self.folder / "contributors", self.folder / RETIRED)
        paths = [path for folder in folders for path in sorted(folder.glob("*.json"))]
        return [KeyFile(role, Signer(seed).did, path) for path in paths for seed, role in [self._read(path)]]

    def _contributor_path(self, kind: str, name: str) -> Path:
        reference = hmac.digest(self.secret("keyring"), f"{kind}\n{name}".encode(), hashlib.sha256).hex()[:32]
        return self.folder / "contributors" / f"{reference}.json"

    def _retired_path(self, did: str) -> Path:
        return self.folder / RETIRED / f"{hashlib.sha256(did.encode('ascii')).hexdigest()[:32]}.json"

    def _revoked(self) -> frozenset[str]:
        path = self.folder / REVOKED
        return frozenset(path.read_text("ascii").split()) if path.exists() else frozenset()

    def _finish_revocation(self, kind: str, name: str) -> None:
        """Remove a revoked key that a process which died left in its place."""
        path = self._contributor_path(kind, name)
        if path.exists() and self.is_revoked(Signer(self._read(path)[0]).did):
            overwrite_and_remove(path)

    def _write(self, path: Path, role: str, subfolder: str, seed: bytes | None = None) -> Signer:
        for folder in (self.folder, self.folder / subfolder):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        if path.exists():
            raise HomeExists(f"{path.name} exists; a key is never overwritten")
        seed = seed or secrets.token_bytes(32)
        write_atomic(path, _content(role, seed), mode=0o600)
        return Signer(seed)

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


def _content(role: str, seed: bytes) -> bytes:
    body = {"format": "lecs-key-1", "role": role, "public": Signer(seed).did, "seed": seed.hex()}
    return json.dumps(body, indent=1).encode("ascii")
