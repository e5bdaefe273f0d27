"""A key outside its home: encrypted under a passphrase (argon2id), so that it can lie in a drawer or on a stick."""

import json
from dataclasses import dataclass
from typing import Any, Final

from nacl import pwhash, utils
from nacl.exceptions import CryptoError
from nacl.secret import Aead

from substrate.record.canonical import canonical_bytes, parse_strict
from substrate.record.errors import MalformedDocument
from substrate.record.keys import Signer
from substrate.store.errors import UnsafeKey

FORMAT: Final = "lecs-key-case-1"
MIN_PASSPHRASE: Final = 12
#: What a case may ask of whoever opens it.
_MAX_OPS, _MAX_MEMORY = 16, 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cased:
    """What a case held: the role (or the contributor's kind) and the private half."""

    role: str
    seed: bytes


def seal_key(role: str, seed: bytes, passphrase: str) -> bytes:
    """The case of a key.

    Raises:
        UnsafeKey: the passphrase is too short.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise UnsafeKey(f"a passphrase needs {MIN_PASSPHRASE} characters or more: take five words, or --code")
    salt = utils.random(pwhash.argon2id.SALTBYTES)
    kdf = {
        "alg": "argon2id",
        "salt": salt.hex(),
        "ops": pwhash.argon2id.OPSLIMIT_MODERATE,
        "memory": pwhash.argon2id.MEMLIMIT_MODERATE,
    }
    head = {"format": FORMAT, "role": role, "public": Signer(seed).did, "kdf": kdf}
    sealed = Aead(_derive(passphrase, kdf)).encrypt(seed, canonical_bytes(head))
    return json.dumps({**head, "sealed": bytes(sealed).hex()}, indent=1).encode("ascii")


def open_case(raw: bytes, passphrase: str) -> Cased:
    """The key in a case.

    Raises:
        MalformedDocument: not a case. UnsafeKey: another passphrase, or the case was changed.
    """
    case = parse_strict(raw)
    sealed, kdf = case.pop("sealed", None), case.get("kdf")
    shape = {"format", "role", "public", "kdf"}
    if case.get("format") != FORMAT or set(case) != shape or not isinstance(kdf, dict) or not isinstance(sealed, str):
        raise MalformedDocument(f"not a key of format {FORMAT}")
    try:
        seed = Aead(_derive(passphrase, kdf)).decrypt(bytes.fromhex(sealed), canonical_bytes(case))
    except CryptoError:
        raise UnsafeKey("the key cannot be opened: another passphrase, or the file was changed") from None
    except (ValueError, KeyError, TypeError):
        raise MalformedDocument(f"not a key of format {FORMAT}") from None
    if Signer(seed).did != case["public"]:
        raise UnsafeKey("the two halves of the key do not belong together")
    return Cased(str(case["role"]), seed)


def _derive(passphrase: str, kdf: dict[str, Any]) -> bytes:
    ops, memory = kdf["ops"], kdf["memory"]
    if kdf["alg"] != "argon2id" or type(ops) is not int or type(memory) is not int:
        raise ValueError("kdf")
    if not (1 <= ops <= _MAX_OPS and 8192 <= memory <= _MAX_MEMORY):
        raise ValueError("kdf")
    salt = bytes.fromhex(kdf["salt"])
    return bytes(pwhash.argon2id.kdf(Aead.KEY_SIZE, passphrase.encode("utf-8"), salt, opslimit=ops, memlimit=memory))
