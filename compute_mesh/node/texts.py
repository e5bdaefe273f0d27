"""Published texts of a version between nodes: the list that one gives, the fetching by the other.

What may be shown, and what is taken, is the law's to say: it is passed in as a `TextLaw`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from compute_mesh.blobs.messages import MOST_WHOLE
from compute_mesh.transport.failures import Malformed
from substrate.store.errors import NotFound
from substrate.store.home import Home, open_home

#: The name in an entry whose text is not given out.
NO_TEXT: Final = "0" * 64
_FIXED: Final = 32 + 16 + 32 + 32 + 1
_MOST_LICENCE: Final = 100


@dataclass(frozen=True, slots=True)
class Lent:
    """An item: row, contribution, the name of its sealed text and their key (or `NO_TEXT` and zeros), and licence."""

    row: str
    contribution: str
    name: str
    key: bytes = field(repr=False)
    licence: str

    def to_bytes(self) -> bytes:
        """One entry of a list."""
        uuid = UUID(self.contribution.removeprefix("urn:uuid:")).bytes
        licence = self.licence.encode("ascii")
        return bytes.fromhex(self.row) + uuid + bytes.fromhex(self.name) + self.key + bytes([len(licence)]) + licence


def read_list(data: bytes) -> list[Lent]:
    """The entries of a list.

    Raises:
        Malformed: it ends inside an entry, or a licence is none.
    """
    found, at = list[Lent](), 0
    while at < len(data):
        end = at + _FIXED
        if end > len(data) or data[end - 1] > _MOST_LICENCE or end + data[end - 1] > len(data):
            raise Malformed("a list of texts that ends inside an entry")
        fixed, licence = data[at:end], data[end : end + data[end - 1]]
        if not licence.isascii() or not all(32 <= byte < 127 for byte in licence):
            raise Malformed("a licence that is not plain ASCII")
        urn = f"urn:uuid:{UUID(bytes=fixed[32:48])}"
        found.append(Lent(fixed[:32].hex(), urn, fixed[48:80].hex(), fixed[80:112], licence.decode("ascii")))
        at = end + data[end - 1]
    return found


class TextLaw(Protocol):
    """What the law says about texts that travel; every call asks the gate anew."""

    def listed(self, home: Home, version: str) -> Iterator[Lent]:
        """What may be shown of a version and is here."""

    def sealed(self, home: Home, lent: Lent) -> bytes:
        """The sealed bytes of one; NotFound when it may not be shown any more."""

    def manifest_problems(self, home: Home, version: str) -> list[str]:
        """What is wrong with a manifest that came."""

    def wanted(self, home: Home, version: str, lent: list[Lent]) -> list[Lent]:
        """What of a list is taken."""

    def take(self, home: Home, lent: Lent, salt: bytes, text: bytes) -> None:
        """Keep one."""


class LentTexts:
    """The giving side: lists, and sealed bytes of what it listed. Called in threads; each call opens the home."""

    def __init__(self, path: Path, law: TextLaw) -> None:
        """Nothing was listed yet."""
        self._path, self._law = path, law
        self._listed: dict[str, Lent] = {}

    def list(self, version: str) -> bytes:
        """What may be shown of a version.

        Raises:
            NotFound: no such version here, or more texts than one list holds.
        """
        with open_home(self._path) as home:
            lent = [*self._law.listed(home, version)]
        data = b"".join(one.to_bytes() for one in lent)
        if len(data) > MOST_WHOLE:
            raise NotFound("a version with more public texts than one list holds")
        self._listed.update({one.name: one for one in lent if one.name != NO_TEXT})
        return data

    def sealed(self, name: str) -> bytes:
        """The bytes of a text that was listed.

        Raises:
            NotFound: it was not, or may not be shown any more.
        """
        lent = self._listed.get(name)
        if lent is None:
            raise NotFound(f"blob {name} is not in this home")
        with open_home(self._path) as home:
            return self._law.sealed(home, lent)

    def knows(self, name: str) -> bool:
        """Whether it was listed."""
        return name in self._listed
