"""Keys of the gateway: HOME/mesh/api-keys.json has a hash of each, what it may do and how much; never the key."""

import base64
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from substrate.store.errors import NotFound, Tampered
from substrate.store.files import write_atomic

NAME: Final = "api-keys.json"
#: What a key looks like: this, and 52 letters and digits of 256 random bits.
MARK: Final = "lecs-"
_BYTES: Final = 32
_ID: Final = 12

Scope = Literal["inference", "embeddings"]
SCOPES: Final[tuple[Scope, ...]] = ("inference", "embeddings")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key.

    Attributes:
        id: the beginning of its hash, by which it is listed and revoked. name: whose or what for, in the owner's words.
        scopes: what it may ask for. per_minute: requests; daily: tokens in a UTC day; 0: as many as come.
        revoked: a time of the profile, or empty.
    """

    id: str
    hash: str
    name: str
    scopes: tuple[Scope, ...]
    made: str
    per_minute: int = 0
    daily: int = 0
    revoked: str = ""


class ApiKeys:
    """The keys of one home. Every call reads the file, so that a key that is revoked is refused at once."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is HOME/mesh."""
        self.path = folder / NAME

    def new(
        self, name: str, now: str, scopes: Sequence[Scope] = SCOPES, per_minute: int = 0, daily: int = 0
    ) -> tuple[str, ApiKey]:
        """A key, told this once, and what is kept of it; on disk before this returns."""
        text = MARK + base64.b32encode(secrets.token_bytes(_BYTES)).decode("ascii").rstrip("=").lower()
        hashed = _hash(text)
        made = ApiKey(hashed[:_ID], hashed, name, tuple(scopes), now, per_minute, daily)
        with self._alone():
            self._write([*self.all(), made])
        return text, made

    def all(self) -> list[ApiKey]:
        """Every key, the oldest first, revoked ones too.

        Raises:
            Tampered: the file is damaged.
        """
        if not self.path.exists():
            return []
        try:
            found: list[dict[str, Any]] = json.loads(self.path.read_bytes())
            return [ApiKey(**{**one, "scopes": tuple(one["scopes"])}) for one in found]
        except (ValueError, KeyError, TypeError):
            raise Tampered(f"mesh/{NAME} is damaged: remove it, and make new keys") from None

    def revoke(self, identifier: str, now: str) -> ApiKey:
        """Take a key back, by the beginning of its id.

        Raises:
            NotFound: there is none, or several.
        """
        with self._alone():
            keys = self.all()
            found = [one for one in keys if identifier and one.id.startswith(identifier)]
            if len(found) != 1:
                raise NotFound(f"{'several keys begin' if found else 'no key here begins'} with {identifier[:16]}")
            gone = replace(found[0], revoked=found[0].revoked or now)
            self._write([gone if one.id == gone.id else one for one in keys])
        return gone

    def find(self, text: str) -> ApiKey | None:
        """The key that ``text`` is, unless it was taken back."""
        hashed = _hash(text)
        return next((one for one in self.all() if hmac.compare_digest(one.hash, hashed) and not one.revoked), None)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time, of all processes: a second one would write over the first. Kills let go of it."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, keys: Sequence[ApiKey]) -> None:
        listed = [{**asdict(one), "scopes": list(one.scopes)} for one in keys]
        write_atomic(self.path, json.dumps(listed, indent=1).encode("utf-8"), mode=0o600)


def _hash(text: str) -> str:
    return hashlib.sha256(b"lecs/api-key/1\n" + text.encode("utf-8", "replace")).hexdigest()
