"""Wiring of `lecs desk account`."""

from pathlib import Path
from typing import Any

from consent.desk.staff.accounts import (
    Account,
    accounts,
    add,
    enrolment,
    enrolment_path,
    forget_enrolment,
    remove,
    signer_of,
)
from lecs_pipeline.clock import now
from substrate.record.authority import Roles
from substrate.store.files import write_atomic
from substrate.store.home import Home, open_home


def add_account(path: Path, name: str, role: str, password: str) -> dict[str, Any]:
    """Make an account and write what its authenticator app reads into a file beside it, for its owner alone."""
    with open_home(path) as home:
        account = add(home, name, role, password, now())
        file = enrolment_path(home, name)
        address = enrolment(account, home.roles().charter.body["name"])
        write_atomic(file, f"{address}\n".encode(), mode=0o600)
        told = _told(home, account)
        return {**told, "enrolment": str(file)}


def accounts_here(path: Path) -> list[dict[str, Any]]:
    """Every account of a home, without anything secret."""
    with open_home(path) as home:
        return [_told(home, account) for account in accounts(home)]


def remove_account(path: Path, name: str) -> None:
    """Remove an account, and what its app may still have to read."""
    with open_home(path) as home:
        remove(home, name)
        forget_enrolment(home, name)


def _is_named(account: Account, key: str, roles: Roles) -> bool:
    """Whether the charter says of the key what the account is for; a member may also be vouched for."""
    if account.role == "member":
        return key in roles.vouched or key in roles.chain.state.holders("member")
    return key in (roles.stewards if account.role == "steward" else roles.moderators)


def _told(home: Home, account: Account) -> dict[str, Any]:
    roles, key = home.roles(), signer_of(home, account).did
    return {
        "name": account.name,
        "role": account.role,
        "key": key,
        "in_charter": _is_named(account, key, roles),
        "votes": key in roles.moderators,
        "passkeys": len(account.passkeys),
    }
