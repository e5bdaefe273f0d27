"""Wiring of `lecs key export` and `lecs key import`: a key leaves its home encrypted, and comes back."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from substrate.record.codes import CODE_BYTES, read_code, write_code
from substrate.record.errors import MalformedDocument, NoAuthority
from substrate.record.keys import Signer
from substrate.record.vocabulary import ContributorKind
from substrate.store.errors import NoHome, NotFound
from substrate.store.files import write_atomic
from substrate.store.home import PIN, home_exists, open_home
from substrate.store.keycase import open_case, seal_key
from substrate.store.keyring import Keyring

#: ``home`` opens the vault: without it no text of this home can be read.
ROLES: Final = ("node", "steward", "home")
KINDS: Final = tuple(kind for kind in get_args(ContributorKind) if kind != "anonymous")


@dataclass(frozen=True, slots=True)
class Person:
    """Whose key: a contributor's kind and name."""

    kind: str
    name: str


def export_key(path: Path, whose: str | Person, file: Path, passphrase: str) -> str:
    """Write a key to ``file``, encrypted; returns its public half.

    Raises:
        NotFound: there is no such key. UnsafeKey: the passphrase is too short. NoAuthority: the place is not safe.
    """
    if file.exists():
        raise NotFound(f"{file.name} exists: a key is never written over something")
    with open_home(path) as home:
        if isinstance(whose, Person):
            role, seed = whose.kind, home.keyring.contributor_seed(whose.kind, whose.name)
        else:
            role, seed = whose, home.keyring.seed(whose)
    write_atomic(file, seal_key(role, seed, passphrase), mode=0o600)
    return Signer(seed).did


def import_key(path: Path, file: Path, passphrase: str, name: str | None) -> tuple[str, str]:
    """Take a key back in; returns its role and public half. Works in a home that lacks its node key.

    Raises:
        HomeExists: that key's place is taken. NoAuthority: it is no key of this home or commons.
        UnsafeKey, MalformedDocument: it cannot be opened.
    """
    if not home_exists(path):
        raise NoHome(f"there is no home at {path}")
    cased = open_case(file.read_bytes(), plain_code(passphrase))
    keyring, did = Keyring(path / "keys"), Signer(cased.seed).did
    if cased.role in KINDS:
        if name is None:
            raise MalformedDocument("the key of a contributor needs --name: the file does not tell whose it is")
        return cased.role, keyring.create_contributor(cased.role, name, cased.seed).did
    if cased.role not in ROLES:
        raise MalformedDocument("a key of a role that this program does not know")
    if cased.role == "node" and not json.loads((path / PIN).read_bytes())["log"].startswith(f"{did}/"):
        raise NoAuthority("this is the key of another node than the one that writes this home's log")
    if cased.role == "steward":
        with open_home(path) as home:
            if did not in home.roles().stewards:
                raise NoAuthority("this key is not a steward's of this commons (any more)")
    keyring.put(cased.role, cased.seed)
    return cased.role, did


def fresh_code() -> str:
    """A random code of 160 bits, to be written down, in the place of a passphrase."""
    return write_code(secrets.token_bytes(CODE_BYTES))


def plain_code(passphrase: str) -> str:
    """A code in its one form, however it was typed; anything else as it is."""
    try:
        return write_code(read_code(passphrase))
    except MalformedDocument:
        return passphrase
