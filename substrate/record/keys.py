"""Ed25519 keys as ``did:key``, and the keys that a withdrawal code gives.

Verification goes through PyNaCl alone: OpenSSL and WebCrypto accept small-order keys, under which anyone can
"sign". Source of the format: did:key method, Multikey prefix 0xed01.
"""

from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from substrate.record.base58 import b58decode, b58encode
from substrate.record.errors import BadSignature, MalformedDocument

_MULTIKEY_ED25519: Final = b"\xed\x01"
_DID: Final = "did:key:z"


class Signer:
    """A private Ed25519 key, made from its 32-byte seed."""

    def __init__(self, seed: bytes) -> None:
        """``seed`` is 32 bytes; the caller brings the randomness."""
        self._key = SigningKey(seed)
        self.public = bytes(self._key.verify_key)
        self.did = did_of(self.public)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature (RFC 8032)."""
        return self._key.sign(message).signature

    def __repr__(self) -> str:
        return f"Signer({self.did})"


@lru_cache(maxsize=65536)
def did_of(public: bytes) -> str:
    """``did:key:z6Mk…`` of a 32-byte public key."""
    return _DID + b58encode(_MULTIKEY_ED25519 + public)


@lru_cache(maxsize=65536)
def public_of(did: str) -> bytes:
    """The 32-byte public key of a ``did:key``.

    Raises:
        MalformedDocument: not an Ed25519 did:key, or a small-order or invalid point.
    """
    if not did.startswith(_DID) or len(did) > 80:
        raise MalformedDocument("a key that is not an Ed25519 did:key")
    try:
        raw = b58decode(did[len(_DID) :])
    except ValueError:
        raise MalformedDocument("a key that is not base58btc") from None
    if len(raw) != 34 or raw[:2] != _MULTIKEY_ED25519 or did_of(raw[2:]) != did:
        raise MalformedDocument("a key that is not an Ed25519 did:key")
    if not crypto_core_ed25519_is_valid_point(raw[2:]):
        raise MalformedDocument("a small-order or invalid key, under which anyone could sign")
    return raw[2:]


def verify(did: str, message: bytes, signature: bytes) -> None:
    """Check an Ed25519 signature.

    Raises:
        BadSignature: it does not verify.
        MalformedDocument: the key is no key.
    """
    try:
        _verify_key(did).verify(message, signature)
    except (CryptoError, ValueError):
        raise BadSignature("the signature does not verify under the key that the proof names") from None


@lru_cache(maxsize=4096)
def _verify_key(did: str) -> VerifyKey:
    return VerifyKey(public_of(did))


def hkdf(secret: bytes, info: bytes, length: int = 32) -> bytes:
    """HKDF-SHA-256 (RFC 5869) with an empty salt."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret)
