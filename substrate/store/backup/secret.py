"""The backup code: 160 bits that a person keeps elsewhere, and the keys that it gives.

The home keeps it too (``keys/backup.code``, mode 0600), so that later backups ask nothing. ``series`` is a random
name of this line of backups: it stays the same over restores, and tells a backup of another home at once.
"""

import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from substrate.record.codes import CODE_BYTES
from substrate.record.keys import hkdf
from substrate.store.errors import UnsafeKey, WrongCode
from substrate.store.files import write_atomic

NAME: Final = "keys/backup.code"
_FORMAT: Final = "lecs-backup-code-1"


@dataclass(frozen=True, slots=True)
class BackupSecret:
    """The 20 bytes of the code, and the series that they belong to."""

    series: str
    code: bytes

    @property
    def file_key(self) -> bytes:
        """Encrypts the files."""
        return hkdf(self.code, b"p2p-lecs/backup-file/v1")

    @property
    def journal_key(self) -> bytes:
        """Chains the lines of the journals."""
        return hkdf(self.code, b"p2p-lecs/backup-journal/v1")

    @property
    def check(self) -> str:
        """Stands open in every file, so that a wrong code is told from a damaged file."""
        return hkdf(self.code, b"p2p-lecs/backup-check/v1", 8).hex()


def secret_here(home: Path) -> BackupSecret | None:
    """The secret that this home keeps, if it ever made a backup.

    Raises:
        UnsafeKey: others can read it, or it is damaged.
    """
    path = home / NAME
    if not path.exists():
        return None
    state = path.stat()
    if stat.S_IMODE(state.st_mode) & 0o077 or state.st_uid != os.geteuid():
        raise UnsafeKey(f"{NAME} can be read by others: chmod 600 it (and consider it known to them)")
    try:
        body = json.loads(path.read_bytes())
        found = BackupSecret(str(body["series"]), bytes.fromhex(body["code"]))
        fits = body["check"] == found.check and len(found.code) == CODE_BYTES
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise UnsafeKey(f"{NAME} is damaged: without it no backup can be made that fits the earlier ones")
    return found


def make_secret(home: Path) -> BackupSecret:
    """Make and keep the secret of a home that has none."""
    secret = BackupSecret(secrets.token_hex(16), secrets.token_bytes(CODE_BYTES))
    body = {"format": _FORMAT, "series": secret.series, "code": secret.code.hex(), "check": secret.check}
    write_atomic(home / NAME, json.dumps(body, indent=1).encode("ascii"), mode=0o600)
    return secret


def open_secret(code: bytes, series: str, check: str) -> BackupSecret:
    """The secret of a file, from the code that a person typed.

    Raises:
        WrongCode: the code belongs to other backups.
    """
    secret = BackupSecret(series, code)
    if not hmac.compare_digest(secret.check, check):
        raise WrongCode("this backup was not made with this code: look for the code that its first backup showed")
    return secret
