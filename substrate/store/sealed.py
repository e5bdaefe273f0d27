"""A published text as nodes pass it on: salt and text, sealed for each item, named by the ciphertext's hash.

The key follows from the item's salt, so every holder makes the same bytes with the same name, and once the salt is
destroyed nobody can open them. A key seals one plaintext ever, so the nonce may stand still.
"""

from typing import Final

from blake3 import blake3
from nacl.exceptions import CryptoError
from nacl.secret import Aead

from substrate.record.errors import BadInclusion
from substrate.record.keys import hkdf
from substrate.store.vault import SALT_BYTES, commitment

_NONCE: Final = bytes(Aead.NONCE_SIZE)
_INFO: Final = b"lecs-sealed-text-1\n"


def sealing_key(row: str, salt: bytes) -> bytes:
    """The 32-byte key of an item."""
    return hkdf(salt, _INFO + bytes.fromhex(row))


def seal_text(row: str, salt: bytes, text: bytes) -> tuple[str, bytes]:
    """The name and the bytes of a sealed item."""
    sealed = Aead(sealing_key(row, salt)).encrypt(salt + text, _INFO + bytes.fromhex(row), _NONCE).ciphertext
    return blake3(sealed).hexdigest(), bytes(sealed)


def open_text(row: str, key: bytes, sealed: bytes) -> tuple[bytes, bytes]:
    """Salt and text of a sealed item.

    Raises:
        BadInclusion: it does not open under this key, or is not what the row commits to.
    """
    try:
        plain = Aead(key).decrypt(sealed, _INFO + bytes.fromhex(row), _NONCE)
    except (CryptoError, ValueError):
        raise BadInclusion("a sealed text that does not open under the key that came with it") from None
    salt, text = plain[:SALT_BYTES], plain[SALT_BYTES:]
    if len(salt) != SALT_BYTES or commitment(salt, text) != row:
        raise BadInclusion("a text that its row does not commit to")
    return salt, text
