"""A ticket: what a newcomer needs to find one node of one commons, and a key that works once.

Form: ``LECS1`` and upper-case base32 without padding (so that a QR code holds it in its dense mode) of: commons id
(16 bytes), charter digest (32), the inviter's node key (32), one-time key (16), end (4, seconds since 1970),
length of the address (2), the address as `Address.to_text`, and the first 4 bytes of the SHA-256 of all that.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from compute_mesh.transport.address import Address
from compute_mesh.transport.failures import TransportFailed
from substrate.record.errors import MalformedDocument
from substrate.record.keys import did_of, public_of
from substrate.record.times import write_time

MARK: Final = "LECS1"
KEY_BYTES: Final = 16
_COMMONS: Final = "urn:lecs:commons:"
_FIXED: Final = 16 + 32 + 32 + KEY_BYTES + 4 + 2
_MOST: Final = 4000


@dataclass(frozen=True, slots=True)
class Ticket:
    """``key`` lets one node in, once, until ``expires`` (a time of the profile)."""

    commons: str
    charter: str
    node: str
    key: bytes
    expires: str
    address: Address

    def to_text(self) -> str:
        """The ticket as people pass it on."""
        place = self.address.to_text().encode("ascii")
        end = int(datetime.fromisoformat(self.expires).timestamp())
        body = b"".join(
            (
                bytes.fromhex(self.commons.removeprefix(_COMMONS)), bytes.fromhex(self.charter), public_of(self.node),
                self.key, end.to_bytes(4, "big"), len(place).to_bytes(2, "big"), place,
            )
        )  # fmt: skip
        return MARK + base64.b32encode(body + _check(body)).decode("ascii").rstrip("=")

    @classmethod
    def from_text(cls, text: str) -> "Ticket":
        """Read a ticket that a person typed or pasted; case, spaces and line ends do not matter.

        Raises:
            MalformedDocument: not a ticket, or one that was cut off or mistyped.
        """
        plain = "".join(text.split()).upper()
        if not plain.startswith(MARK) or len(plain) > _MOST:
            raise MalformedDocument("not a ticket: one begins with LECS1 and is copied whole")
        coded = plain.removeprefix(MARK)
        try:
            raw = base64.b32decode(coded + "=" * (-len(coded) % 8))
        except (binascii.Error, ValueError):
            raise MalformedDocument("the ticket was cut off or mistyped: copy it whole") from None
        body, check = raw[:-4], raw[-4:]
        if len(body) < _FIXED or _check(body) != check or len(body) - _FIXED != int.from_bytes(body[100:102], "big"):
            raise MalformedDocument("the ticket was cut off or mistyped: copy it whole")
        node = did_of(body[48:80])
        public_of(node)
        try:
            address = Address.from_text(body[102:].decode("ascii"))
        except (TransportFailed, UnicodeDecodeError):
            raise MalformedDocument("the ticket holds no address that can be used") from None
        end = datetime.fromtimestamp(int.from_bytes(body[96:100], "big"), UTC)
        return cls(_COMMONS + body[:16].hex(), body[16:48].hex(), node, body[80:96], write_time(end), address)


def _check(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:4]
