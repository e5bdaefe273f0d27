"""Published texts of other nodes, each a file under HOME/borrowed, sealed under a key of this home.

They are not in the vault: what lies there has its private record beside it, and these come without. They are in no
backup. `destroy` overwrites and removes the file.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from substrate.record.keys import hkdf
from substrate.store.errors import NotFound, Tampered
from substrate.store.files import overwrite_and_remove, write_atomic
from substrate.store.vault import SALT_BYTES, commitment

FOLDER: Final = "borrowed"
_NAME: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_URN: Final = "urn:uuid:"


@dataclass(frozen=True, slots=True)
class BorrowedText:
    """One text, checked against its row."""

    contribution: str
    row: str
    salt: bytes
    text: bytes
    licence: str


class Borrowed:
    """The borrowed texts of one home."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        """``secret`` is the home's, for this purpose; ``folder`` is made by the first `put`."""
        self.folder, self._secret = folder, secret

    def put(self, one: BorrowedText) -> None:
        """Keep a text; storing it again changes nothing."""
        licence = one.licence.encode("ascii")
        plain = bytes.fromhex(one.row) + one.salt + bytes([len(licence)]) + licence + one.text
        sealed = self._box(one.contribution).encrypt(plain, one.contribution.encode("ascii"))
        write_atomic(self._path(one.contribution), bytes(sealed), mode=0o600)

    def get(self, contribution: str) -> BorrowedText:
        """One text.

        Raises:
            NotFound: it is not here. Tampered: its file was changed.
        """
        try:
            sealed = self._path(contribution).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"the text of {contribution} is not in this home") from None
        try:
            plain = self._box(contribution).decrypt(sealed, contribution.encode("ascii"))
        except (CryptoError, ValueError):
            raise Tampered(f"borrowed/{self._path(contribution).name} was changed") from None
        row, salt, rest = plain[:32].hex(), plain[32 : 32 + SALT_BYTES], plain[32 + SALT_BYTES :]
        licence, text = rest[1 : 1 + rest[0]].decode("ascii"), rest[1 + rest[0] :]
        if commitment(salt, text) != row:
            raise Tampered(f"borrowed/{self._path(contribution).name} does not fit its commitment")
        return BorrowedText(contribution, row, salt, text, licence)

    def note_licences(self, version: str, licences: dict[str, str]) -> None:
        """Row -> licence of a version's items, those included whose text stays where it is: exports show both."""
        write_atomic(self.folder / f"licences-{version}.json", json.dumps(licences, sort_keys=True).encode("ascii"))

    def licences(self) -> dict[str, str]:
        """Row -> licence, of every version that was fetched."""
        found: dict[str, str] = {}
        for path in sorted(self.folder.glob("licences-*.json")):
            found |= json.loads(path.read_bytes())
        return found

    def contributions(self) -> Iterator[str]:
        """All contributions of which a text is here, sorted."""
        for path in sorted(self.folder.glob("*")):
            if _NAME.fullmatch(path.name):
                yield _URN + path.name

    def destroy(self, contribution: str) -> bool:
        """Overwrite and remove a text; False when it was not here."""
        path = self._path(contribution)
        here = path.exists()
        overwrite_and_remove(path)
        return here

    def _path(self, contribution: str) -> Path:
        name = contribution.removeprefix(_URN)
        if not _NAME.fullmatch(name):
            raise NotFound("a contribution is named by a urn:uuid")
        return self.folder / name

    def _box(self, contribution: str) -> Aead:
        return Aead(hkdf(self._secret, b"lecs-borrowed-1\n" + contribution.encode("ascii")))
