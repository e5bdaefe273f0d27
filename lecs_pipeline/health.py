"""Verification of a whole home, over all rooms: ledger, vault, receipts, exports, journal, views."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

from consent.bundle import verify_bundle
from consent.lookup import all_states
from consent.state import State
from lecs_pipeline.exporting import damaged_exports
from substrate.record.errors import RecordError
from substrate.record.vocabulary import ContributorKind
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import HomeError, NotFound
from substrate.store.home import PIN, Home, open_home
from substrate.store.verify import Report, verify_home

#: Kinds of contributor that can have a key.
CONTRIBUTORS = frozenset(get_args(ContributorKind)) - {"anonymous"}


def verify_everything(path: Path) -> Report:
    """Check all stored files of a home; problems name the file or the item."""
    with open_home(path) as home:
        report = _ground(home)
        for check in (_pin, _keys, _vault_index, _journal, _receipts, damaged_exports, _views):
            report.problems += _found_by(check, home)
    return report


def _ground(home: Home) -> Report:
    try:
        return verify_home(home)
    except (sqlite3.Error, ValueError, TypeError) as error:
        return Report(problems=[f"{home.database.path.name} cannot be read: {_cause(error)}"])


def _found_by(check: "Callable[[Home], Iterator[str] | list[str]]", home: Home) -> list[str]:
    """What a check finds; one that stumbles over damage says so instead of hiding what others find."""
    problems: list[str] = []
    try:
        problems.extend(check(home))
    except (HomeError, RecordError) as error:
        problems.append(str(error))
    except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
        problems.append(f"{home.database.path.name}: a stored value cannot be read: {_cause(error)}")
    return problems


def _cause(error: Exception) -> str:
    """SQLite's words are about its file; what Python says of a value could quote it."""
    return str(error) if isinstance(error, sqlite3.DatabaseError) else type(error).__name__


def _pin(home: Home) -> Iterator[str]:
    own = home.database.connection.execute("SELECT origin FROM logs WHERE own = 1").fetchall()
    if [origin for (origin,) in own] not in ([], [home.ledger.origin]):
        yield "commons.json names another log than the ledger has as its own"
    if json.loads((home.path / PIN).read_bytes()).get("format") != "lecs-home-1":
        yield "commons.json states another format than this program writes"


def _keys(home: Home) -> Iterator[str]:
    """What a key file says of itself beside its two halves, which are checked whenever it is read."""
    for key in home.keyring.files():
        shown = f"keys/{key.path.relative_to(home.keyring.folder)}"
        expected = CONTRIBUTORS if key.path.parent != home.keyring.folder else (key.path.stem,)
        if key.role not in expected or json.loads(key.path.read_bytes()).get("format") != "lecs-key-1":
            yield f"{shown} says that it is another key, or of another format"


def _vault_index(home: Home) -> Iterator[str]:
    """The columns beside the sealed texts say what the facts say: they decide what may leave the machine."""
    states = {state.contribution: state for state in all_states(home, home.roles())}
    facts = {d.subject: str(d.body["tier"]) for d in home.ledger.documents(kinds=["ConsentFact"])}
    for contribution, row, federated in home.database.connection.execute(
        "SELECT contribution, row, federated FROM items"
    ).fetchall():
        state = states.get(contribution)
        if state is None:
            yield f"vault: the text of {contribution} belongs to no consent fact"
        elif row != state.row or federated != (facts[contribution] == "federated"):
            yield f"vault: the row or tier of {contribution} is not that of its consent fact"


def _journal(home: Home) -> Iterator[str]:
    """Every erasure of this node is in the journal, and the other way round."""
    listed = ErasureJournal(home.path).contributions()
    roles = home.roles()
    tombstones = home.ledger.documents(kinds=["Erased"])
    erased = {d.subject: d for d in tombstones if roles.succeeds(home.node.did, d.signer)}
    for contribution in sorted(listed ^ erased.keys()):
        if contribution in listed and contribution in home.vault.contributions():
            yield f"erasures.jsonl: the erasure of {contribution} was begun and not finished: erase it once more"
        else:
            where = "erasures.jsonl" if contribution in erased else "ledger"
            yield f"{where}: the erasure of {contribution} is missing"
    yield from _journal_rows(home, listed)


def _journal_rows(home: Home, listed: set[str]) -> Iterator[str]:
    states: dict[str, State] = {s.contribution: s for s in all_states(home, home.roles()) if s.contribution in listed}
    path = ErasureJournal(home.path).path
    for line in path.read_bytes().split(b"\n") if path.exists() else ():
        if line.strip():
            entry = json.loads(line)
            state = states.get(entry["contribution"])
            if state is not None and not set(entry["rows"]) <= {state.row, *state.superseded}:
                yield f"erasures.jsonl: the rows of {entry['contribution']} are not those of its consent fact"


def _receipts(home: Home) -> Iterator[str]:
    for file in sorted(home.receipts.glob("*.json")):
        contribution = f"urn:uuid:{file.stem}"
        try:
            text = home.vault.get(contribution).text
        except (NotFound, HomeError):
            text = None
        found = verify_bundle(
            file.read_bytes(), pinned=(home.commons, home.charter), nodes=home.roles().nodes, text=text
        )
        if found.problem is not None:
            yield f"receipts/{file.name}: {found.problem}"
        elif found.contribution != contribution:
            yield f"receipts/{file.name}: the receipt of another contribution"


def _views(home: Home) -> list[str]:
    from assets.provenance.views import damaged_views

    return damaged_views(home)
