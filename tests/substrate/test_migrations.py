"""From an older form to today's: done or not begun, never half; a later program's home is left alone."""

import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from substrate.store.database import Database
from substrate.store.errors import NewerFormat, Tampered
from substrate.store.home import PIN, open_home
from substrate.store.migrations import STEPS, migrate, upgrade_pin


def add_colour(connection: sqlite3.Connection) -> None:
    """A step of a form that does not exist: a table, and a column with a value for every row that is there."""
    connection.execute("CREATE TABLE colours (name TEXT NOT NULL) STRICT")
    connection.execute("ALTER TABLE logs ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'")


LATER = (*STEPS, add_colour)


@pytest.fixture
def older(home_with_texts):
    """A home of today, which is the older form of `LATER`; its database is one closed file."""
    made = home_with_texts()
    with made.open() as home:
        assert home.database.forget()
    return made.path / "ledger.sqlite3"


def version(path) -> int:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA user_version").fetchone()[0]
    finally:
        connection.close()


def test_a_new_file_has_the_newest_form(tmp_path) -> None:
    """Its version is the number of steps."""
    Database(tmp_path / "new", create=True).close()
    assert version(tmp_path / "new") == len(STEPS) == 3


def test_an_older_file_is_brought_up_once(older) -> None:
    """What was there stays, what is new is there, and a second time does nothing."""
    connection = sqlite3.connect(older, isolation_level=None)
    before = connection.execute("SELECT count(*) FROM documents").fetchone()
    assert migrate(connection, "ledger", create=False, steps=LATER) is True
    assert connection.execute("SELECT colour FROM logs").fetchall() == [("grey",)]
    assert connection.execute("SELECT count(*) FROM documents").fetchone() == before
    assert migrate(connection, "ledger", create=False, steps=LATER) is False
    connection.close()
    assert version(older) == len(LATER)


def test_a_step_that_fails_leaves_the_older_form(older) -> None:
    """Steps before it included: one transaction."""

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE documents")
        raise ValueError("half way")

    connection = sqlite3.connect(older, isolation_level=None)
    with pytest.raises(ValueError, match="half way"):
        migrate(connection, "ledger", create=False, steps=(*LATER, broken))
    connection.close()
    assert version(older) == len(STEPS)
    with open_home(older.parent) as home:
        assert list(home.ledger.documents())
        assert not home.database.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'colours'").fetchone()


KILLED = """
import os, signal, sqlite3, sys
from substrate.store.migrations import STEPS, migrate

def half(connection):
    connection.execute("CREATE TABLE colours (name TEXT)")
    connection.execute("DELETE FROM documents")
    os.kill(os.getpid(), signal.SIGKILL)

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
migrate(connection, "ledger", create=False, steps=(*STEPS, half))
"""


def test_a_killed_migration_leaves_the_older_form(older) -> None:
    """kill -9 in the middle of a step."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(older)], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    with open_home(older.parent) as home:
        assert len(list(home.ledger.documents())) == 7
        assert home.database.integrity_problems() == []
    assert version(older) == len(STEPS)


def test_a_newer_file_is_refused_by_name(older) -> None:
    """Neither read nor changed."""
    connection = sqlite3.connect(older)
    connection.execute(f"PRAGMA user_version={len(LATER)}")
    connection.close()
    with pytest.raises(NewerFormat, match=f"format {len(LATER)}"), open_home(older.parent):
        pass
    assert version(older) == len(LATER)


def test_what_is_no_ledger_is_not_made_one(tmp_path) -> None:
    """An empty file is not an older form."""
    (tmp_path / "empty").touch()
    with pytest.raises(Tampered, match="not a ledger"):
        Database(tmp_path / "empty")


def test_the_pin_has_forms_too(older) -> None:
    """Newer: refused by name. None: damaged. Older: brought up step by step."""
    path = older.parent / PIN
    pin = json.loads(path.read_bytes())
    path.write_text(json.dumps({**pin, "format": "lecs-home-2"}, indent=1))
    with pytest.raises(NewerFormat, match="format 2"), open_home(older.parent):
        pass
    path.write_text(json.dumps({**pin, "format": "something"}, indent=1))
    with pytest.raises(Tampered, match="damaged"), open_home(older.parent):
        pass
    assert upgrade_pin(pin) is pin
    steps = (lambda body: {**body, "colour": "grey"}, lambda body: {**body, "shade": "dark"})
    later = upgrade_pin(pin, steps)
    assert (later["format"], later["colour"], later["shade"]) == ("lecs-home-3", "grey", "dark")
