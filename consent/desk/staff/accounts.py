"""Accounts of moderators, stewards and members: files of mode 0600 below HOME/keys, made on the command line alone.

An account is bound to one signing key of the keyring, and no two accounts to the same key: a vote is a signature, so
nobody votes twice. What an account may do follows from what the charter says of its key, at every request anew.
"""

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal, get_args

import argon2
import pyotp

from substrate.record.keys import Signer
from substrate.store.errors import HomeExists, NotFound, UnsafeKey
from substrate.store.files import overwrite_and_remove, write_atomic
from substrate.store.home import Home

Role = Literal["moderator", "steward", "member"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
#: Fewest characters of a password; a sentence is easy to keep and hard to guess.
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1000

_FORMAT: Final = "lecs-desk-account-1"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,30}")
_STEWARD: Final = "steward"


class BadAccount(ValueError):
    """A name, role or password that an account cannot have; the message says what it has to be."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey: its id and public key (base64url), and how often it says that it signed."""

    id: str
    key: str
    count: int
    added: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account. ``keyfile`` names its key in the keyring; ``used`` is the last time step whose code was taken."""

    name: str
    role: Role
    keyfile: str
    password: str
    totp: str
    made: str
    used: int = 0
    passkeys: tuple[Passkey, ...] = ()


def add(home: Home, name: str, role: str, password: str, time: str) -> Account:
    """Make an account. A steward's is bound to the steward key of this home, any other to a key of its own.

    Raises:
        BadAccount: see there. HomeExists: the name is taken, or the key has an account.
        NotFound: there is no steward's key here.
    """
    if role not in ROLES:
        raise BadAccount(f"a role is one of {', '.join(ROLES)}")
    if not _NAME.fullmatch(name):
        raise BadAccount("a name has 2 to 31 small letters, digits and hyphens, and begins with a letter")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadAccount(f"a password has at least {SHORTEST_PASSWORD} characters: take words that nobody else would")
    if _path(home, name).exists():
        raise HomeExists(f"there is an account {name} already")
    keyfile = _STEWARD if role == "steward" else f"{role}-{name}"
    for other in accounts(home):
        if other.keyfile == keyfile:
            raise HomeExists(f"the account {other.name} has this key already: one key, one vote")
    if role == "steward":
        home.keyring.signer(_STEWARD)
    elif not home.keyring.has(keyfile):
        home.keyring.create(keyfile)
    hashed = argon2.PasswordHasher().hash(password)
    known: Role = next(one for one in ROLES if one == role)
    account = Account(name, known, keyfile, hashed, pyotp.random_base32(), time)
    save(home, account)
    return account


def find(home: Home, name: str) -> Account | None:
    """The account of a name, if there is one.

    Raises:
        UnsafeKey: its file can be read by others, or is damaged.
    """
    return _read(_path(home, name)) if _NAME.fullmatch(name) and _path(home, name).exists() else None


def accounts(home: Home) -> Iterator[Account]:
    """Every account, by name."""
    for path in sorted(_folder(home).glob("*.json")):
        yield _read(path)


def remove(home: Home, name: str) -> None:
    """Remove an account; its signing key stays in the keyring.

    Raises:
        NotFound: there is none.
    """
    if find(home, name) is None:
        raise NotFound(f"there is no account {name[:31]}")
    overwrite_and_remove(_path(home, name))


def save(home: Home, account: Account) -> None:
    """Write an account in one step."""
    folder = _folder(home)
    folder.mkdir(mode=0o700, exist_ok=True)
    body = {"format": _FORMAT, **asdict(account)}
    write_atomic(_path(home, account.name), json.dumps(body, indent=1).encode("ascii"), mode=0o600)


def with_passkey(account: Account, passkey: Passkey) -> Account:
    """The account with one more passkey, or with the count of a known one brought up to date."""
    others = tuple(one for one in account.passkeys if one.id != passkey.id)
    return replace(account, passkeys=(*others, passkey))


def signer_of(home: Home, account: Account) -> Signer:
    """The signing key of an account.

    Raises:
        NotFound: the keyring has it no more.
    """
    return home.keyring.signer(account.keyfile)


def enrolment(account: Account, commons: str) -> str:
    """What an authenticator app reads: an ``otpauth:`` address. It is the secret itself: shown once, never logged."""
    return pyotp.TOTP(account.totp).provisioning_uri(name=account.name, issuer_name=commons)


def enrolment_path(home: Home, name: str) -> Path:
    """Where what an authenticator app reads lies until its owner has logged in once."""
    return _folder(home) / f"{name}.otpauth"


def forget_enrolment(home: Home, name: str) -> None:
    """The app has it now: the file is overwritten and removed."""
    path = enrolment_path(home, name)
    if path.exists():
        overwrite_and_remove(path)


def _folder(home: Home) -> Path:
    return home.keyring.folder / "accounts"


def _path(home: Home, name: str) -> Path:
    return _folder(home) / f"{name}.json"


def _read(path: Path) -> Account:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UnsafeKey(f"keys/accounts/{path.name} can be read by others: chmod 600 it")
    try:
        body = json.loads(path.read_bytes())
        if body.pop("format") != _FORMAT or body["role"] not in ROLES or body["name"] != path.stem:
            raise ValueError
        passkeys = tuple(Passkey(**one) for one in body.pop("passkeys"))
        return Account(**body, passkeys=passkeys)
    except (ValueError, KeyError, TypeError):
        raise UnsafeKey(f"keys/accounts/{path.name} is damaged: remove it and add the account again") from None
