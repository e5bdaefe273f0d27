"""Withdrawal codes: 160 random bits that a person can write down, and the two keys they give.

Form: Crockford base32 in groups of four, 32 characters and one check symbol (value mod 37, as in Crockford's
page). Case does not matter; I and L read as 1, O as 0; spaces and hyphens are ignored.
"""

from typing import Final

from substrate.record.errors import MalformedDocument
from substrate.record.keys import Signer, hkdf

CODE_BYTES: Final = 20
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECK: Final = _ALPHABET + "*~$=U"
_CHARACTERS: Final = 32


def write_code(secret: bytes) -> str:
    """The code of 20 secret bytes, as shown to a person."""
    if len(secret) != CODE_BYTES:
        raise ValueError("a withdrawal code has 160 bits")
    number = int.from_bytes(secret, "big")
    digits = [_ALPHABET[number >> shift & 31] for shift in range(155, -1, -5)]
    text = "".join(digits) + _CHECK[number % 37]
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def read_code(text: str) -> bytes:
    """The 20 bytes of a code that a person typed.

    Raises:
        MalformedDocument: wrong length, an unknown character, or a check symbol that does not fit.
    """
    cleaned = "".join(char for char in text.upper() if not char.isspace() and char != "-")
    if len(cleaned) != _CHARACTERS + 1:
        raise MalformedDocument(
            f"a withdrawal code has {_CHARACTERS + 1} characters besides hyphens; this has {len(cleaned)}"
        )
    body = cleaned[:-1].translate(str.maketrans("ILO", "110"))
    number = 0
    for position, char in enumerate(body, start=1):
        value = _ALPHABET.find(char)
        if value < 0:
            raise MalformedDocument(f"character {position} of the withdrawal code is not one that codes use")
        number = number << 5 | value
    if _CHECK[number % 37] != cleaned[-1].translate(str.maketrans("ILO", "110")):
        raise MalformedDocument("the check symbol of the withdrawal code does not fit: look for a typing slip")
    return number.to_bytes(CODE_BYTES, "big")


def withdrawal_signer(secret: bytes) -> Signer:
    """The key that may withdraw or narrow one contribution, and nothing else."""
    return Signer(hkdf(secret, b"p2p-lecs/withdrawal-key/v1"))


def record_signer(secret: bytes) -> Signer:
    """The one-use key that signs a single assisted record, for a person without a key of their own."""
    return Signer(hkdf(secret, b"p2p-lecs/record-key/v1"))


def line_secret(batch_secret: bytes, line: int) -> bytes:
    """The secret of one line of a batch, so that a resumed run shows the same codes."""
    return hkdf(batch_secret, b"p2p-lecs/batch-line/v1/" + str(line).encode("ascii"), CODE_BYTES)
