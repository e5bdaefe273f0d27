"""Letting somebody in: password with a code of their app, in constant time, and limits on how often one may try."""

import hmac
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import argon2
import pyotp

from consent.desk.limits import TEN_MINUTES, Counter
from consent.desk.staff.accounts import LONGEST_PASSWORD, Account, find, save
from substrate.store.home import Home

#: Wrong attempts in ten minutes, for one account and for one address.
PER_ACCOUNT: Final = 5
PER_ADDRESS: Final = 20
_STEP: Final = 30
_NOBODY: Final = pyotp.random_base32()


@dataclass
class Attempts:
    """Counts what went wrong."""

    accounts: Counter
    addresses: Counter

    @classmethod
    def fresh(cls) -> "Attempts":
        """Counters of this process."""
        return cls(Counter(PER_ACCOUNT, TEN_MINUTES), Counter(PER_ADDRESS, TEN_MINUTES))

    def too_many(self, name: str, address: str) -> bool:
        """Whether no more may be tried now."""
        return self.accounts.full(name) or self.addresses.full(address)

    def wrong(self, name: str, address: str) -> None:
        """Count a wrong attempt."""
        self.accounts.add(name)
        self.addresses.add(address)


_taking = threading.Lock()


def check(home: Home, name: str, password: str, code: str, seconds: int) -> Account | None:
    """The account, when password and code are right. A code counts once.

    Whether the name, the password or the code was wrong costs the same time and is told to nobody.
    """
    account = find(home, name)
    hashed = account.password if account else _dummy()
    right = _password(hashed, password[:LONGEST_PASSWORD])
    with _taking:
        account = find(home, name) if account else None
        step = _step_of(account.totp if account else _NOBODY, code, seconds)
        fresh = step > (account.used if account else 0)
        if account is None or not (right and step and fresh):
            return None
        account = replace(account, used=step)
        save(home, account)
    return account


def _password(hashed: str, password: str) -> bool:
    try:
        return argon2.PasswordHasher().verify(hashed, password)
    except argon2.exceptions.Argon2Error:
        return False


def _step_of(secret: str, code: str, seconds: int) -> int:
    """The time step whose code this is, out of the one before, this one and the next; 0 for none. All are compared."""
    totp, now, found = pyotp.TOTP(secret), seconds // _STEP, 0
    typed = "".join(code.split()).encode("utf-8")[:16]
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode("ascii"), typed):
            found = step
    return found


@lru_cache(maxsize=1)
def _dummy() -> str:
    """A hash of nobody's password, so that an unknown name costs what a known one does."""
    return argon2.PasswordHasher().hash("nobody has this password")
