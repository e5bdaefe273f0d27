"""From an older form of the home to today's: small steps in a fixed order, all of them in one transaction.

Step ``mNNN_…`` leads from form NNN-1 to form NNN. A step that was published is never changed; a new form gets a
new step at the end. A process that dies half way leaves the older form as it was.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Any, Final

from substrate.store.errors import NewerFormat, Tampered

Step = Callable[[sqlite3.Connection], None]
PinStep = Callable[[dict[str, Any]], dict[str, Any]]

_PIN_FORMAT: Final = "lecs-home-"


def m001_ledger_and_vault(connection: sqlite3.Connection) -> None:
    """Documents, logs, vault, intake, exports and recorded views, in an empty file."""
    for statement in _statements(files("substrate.store").joinpath("schema.sql").read_text("utf-8")):
        connection.execute(statement)


def m002_pending(connection: sqlite3.Connection) -> None:
    """Archives from an inbox that wait for a person, and files there that were refused."""
    for statement in _statements(files("substrate.store").joinpath("pending.sql").read_text("utf-8")):
        connection.execute(statement)


def m003_desk(connection: sqlite3.Connection) -> None:
    """What the desk keeps for a while: invitations, reports, flags; and what was refused behind its login."""
    for statement in _statements(files("substrate.store").joinpath("boxes.sql").read_text("utf-8")):
        connection.execute(statement)


#: The database's steps; their number is the version that this program reads and writes.
STEPS: Final[tuple[Step, ...]] = (m001_ledger_and_vault, m002_pending, m003_desk)

#: Steps of ``commons.json``, from format 1 on: there is none yet.
PIN_STEPS: Final[tuple[PinStep, ...]] = ()


def migrate(connection: sqlite3.Connection, name: str, *, create: bool, steps: Sequence[Step] = STEPS) -> bool:
    """Bring a database to the form after ``steps``; True when something was done.

    Raises:
        NewerFormat: it was made by a later program. Tampered: it is no ledger, and ``create`` was not asked for.
    """
    if _needed(connection, name, create, steps) == 0:
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        missing = _needed(connection, name, create, steps)  # Another process may have been quicker.
        for step in steps[len(steps) - missing :]:
            step(connection)
        connection.execute(f"PRAGMA user_version={len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return missing > 0


def upgrade_pin(pin: dict[str, Any], steps: Sequence[PinStep] = PIN_STEPS) -> dict[str, Any]:
    """What ``commons.json`` says, in the form of today; the same object when it has that form.

    Raises:
        NewerFormat: a later program wrote it. Tampered: it has no format.
    """
    number = str(pin.get("format", "")).removeprefix(_PIN_FORMAT)
    if not number.isdecimal() or not 1 <= int(number) < 1000:
        raise Tampered("commons.json is damaged: restore it from a backup of this home")
    if int(number) > len(steps) + 1:
        raise NewerFormat(f"this home has format {number}; this program reads up to {len(steps) + 1}: use a later one")
    for position in range(int(number) - 1, len(steps)):
        pin = {**steps[position](pin), "format": f"{_PIN_FORMAT}{position + 2}"}
    return pin


def _needed(connection: sqlite3.Connection, name: str, create: bool, steps: Sequence[Step]) -> int:
    """How many steps are missing."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise NewerFormat(f"{name} has format {version}; this program reads up to {len(steps)}: use a later one")
    if version < 0 or (version == 0 and not create):
        raise Tampered(f"{name} is not a ledger of this program")
    return len(steps) - int(version)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would commit before it begins."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
