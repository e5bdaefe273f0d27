"""Views: folds of public documents, one Parquet file each. Anyone with the same cut gets the same views.

They use nothing that can be erased, so that they can be rebuilt for the recorded cut and time for ever.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from assets.dataset.manifests import manifest_shards
from consent.gate import Law, Refused, eligible
from consent.state import State, contribution_state
from consent.survey import law_here
from substrate.record.authority import Roles, is_authorised
from substrate.record.checkpoint import Head
from substrate.record.cut import Cut, cut_entries
from substrate.record.documents import Document
from substrate.record.vocabulary import PURPOSES
from substrate.store.errors import NotFound
from substrate.store.failpoints import failpoint
from substrate.store.home import Home

RECORDED: Final = "views"
FILES: Final = "view-files"

_STRINGS = pl.List(pl.String())
SCHEMAS: Final[dict[str, pl.Schema]] = {
    "contributions": pl.Schema(
        {
            "contribution": pl.String(), "state": pl.String(), "row": pl.String(), "superseded": _STRINGS,
            "tier": pl.String(), "purposes": _STRINGS, "standing": pl.String(), "preview": pl.String(),
            "language": pl.String(), "size_class": pl.String(), "cohort": pl.Int32(), "given_at": pl.String(),
            "expires": pl.String(), "hold_until": pl.String(), "moderation": pl.String(), "node": pl.String(),
        }
    ),
    "refusals": pl.Schema({"contribution": pl.String(), "purpose": pl.String(), "reason": pl.String()}),
    "versions": pl.Schema(
        {
            "version": pl.String(), "document": pl.String(), "items": pl.Int64(), "refused": pl.Int64(),
            "recipe": pl.String(), "policy": pl.String(), "as_of": pl.String(), "published_at": pl.String(),
            "node": pl.String(),
        }
    ),
    "members": pl.Schema(
        {
            "version": pl.String(), "row": pl.String(), "contribution": pl.String(), "weight": pl.Int64(),
        }
    ),
    "statements": pl.Schema(
        {"digest": pl.String(), "kind": pl.String(), "signer": pl.String(), "counts": pl.Boolean()}
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorded:
    """For which cut and time the views were made, and the digest of each."""

    as_of: str
    cut: Cut
    digests: dict[str, str]


def compute_views(home: Home, cut: Cut, as_of: str) -> dict[str, pl.DataFrame]:
    """All views of a cut, sorted, from public documents and manifests alone."""
    roles = home.roles_in(cut, as_of)
    states: list[State] = []
    statements: list[dict[str, Any]] = []
    for _, documents in home.ledger.by_subject(cut):
        state = contribution_state(documents, roles)
        if state is not None:
            states.append(state)
        statements += _statements(documents, roles)
    general = [d for d in home.ledger.documents(subject="") if home.ledger.holds(d.digest, cut)]
    statements += [_statement(d, is_authorised(d, roles)) for d in general]
    versions = [d for d in general if d.kind == "DatasetVersion" and is_authorised(d, roles)]
    lines = {
        "contributions": [contribution_line(state) for state in states],
        "refusals": refusal_lines(states, law_here(roles), as_of),
        "versions": [_version(d) for d in versions],
        "members": _members(home, versions),
        "statements": statements,
    }
    return {name: pl.DataFrame(lines[name], schema=schema).sort(list(schema)[:3]) for name, schema in SCHEMAS.items()}


def view_digest(frame: pl.DataFrame) -> str:
    """SHA-256 of the view's lines as JSON: of what it holds, not of how Parquet packs it."""
    buffer = io.BytesIO()
    frame.write_ndjson(buffer)
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def write_views(home: Home, as_of: str) -> Recorded:
    """Make the views of the cut that is here now, and record them."""
    cut = home.ledger.cut()
    views = compute_views(home, cut, as_of)
    _write_all(home, views)
    recorded = Recorded(as_of, cut, {name: view_digest(frame) for name, frame in views.items()})
    _record(home, recorded)
    failpoint("views.recorded")
    return recorded


def rebuild_views(home: Home, as_of: str) -> tuple[Recorded, bool]:
    """Make the recorded views again from the ledger; True when they are what they were.

    A home that never made any (it was imported) makes them as of ``as_of``.
    """
    recorded = read_recorded(home)
    if recorded is None:
        return write_views(home, as_of), True
    views = compute_views(home, recorded.cut, recorded.as_of)
    _write_all(home, views)
    return recorded, {name: view_digest(frame) for name, frame in views.items()} == recorded.digests


def damaged_views(home: Home) -> list[str]:
    """Views on disk that are not the files that were written."""
    row = home.database.connection.execute("SELECT value FROM recorded WHERE name = ?", (FILES,)).fetchone()
    problems = []
    for name, sha256 in (json.loads(row[0]) if row else {}).items():
        path = _path(home, name)
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            problems.append(f"derived/views/{name}.parquet was changed: run `lecs rebuild`")
    return problems


def scan_view(home: Home, name: str) -> pl.LazyFrame:
    """A view to count in, without reading all of it."""
    return pl.scan_parquet(_path(home, name))


def read_recorded(home: Home) -> Recorded | None:
    """The record of the last views, if there is one."""
    row = home.database.connection.execute("SELECT value FROM recorded WHERE name = ?", (RECORDED,)).fetchone()
    if row is None:
        return None
    body = json.loads(row[0])
    cut = tuple(Head(entry["log"], entry["size"], bytes.fromhex(entry["root"])) for entry in body["cut"])
    return Recorded(body["as_of"], cut, body["digests"])


def _record(home: Home, recorded: Recorded) -> None:
    _note(home, RECORDED, {"as_of": recorded.as_of, "cut": cut_entries(recorded.cut), "digests": recorded.digests})


def _note(home: Home, name: str, value: dict[str, Any]) -> None:
    with home.database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO recorded (name, value) VALUES (?, ?)", (name, json.dumps(value, sort_keys=True))
        )


def _write_all(home: Home, views: dict[str, pl.DataFrame]) -> None:
    """Write the files, and note the hash of each: a changed byte is noticed before anybody reads it."""
    for name, frame in views.items():
        _write(home, name, frame)
    _note(home, FILES, {name: hashlib.sha256(_path(home, name).read_bytes()).hexdigest() for name in views})
    failpoint("views.noted")


def _path(home: Home, name: str) -> Path:
    return home.derived / "views" / f"{name}.parquet"


def _write(home: Home, name: str, frame: pl.DataFrame) -> None:
    path = _path(home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    frame.write_parquet(temporary, compression="zstd")
    failpoint("views.file")
    temporary.replace(path)


def contribution_line(state: State) -> dict[str, Any]:
    """The line of the view ``contributions``."""
    return {
        "contribution": state.contribution,
        "state": state.word,
        "row": state.row,
        "superseded": list(state.superseded),
        "tier": state.tier,
        "purposes": list(state.purposes),
        "standing": state.standing,
        "preview": state.preview,
        "language": state.language,
        "size_class": state.size_class,
        "cohort": state.cohort,
        "given_at": state.given_at,
        "expires": state.expires,
        "hold_until": state.hold_until,
        "moderation": state.moderation,
        "node": state.node,
    }


def refusal_lines(states: list[State], law: Law, as_of: str) -> list[dict[str, Any]]:
    """The lines of the view ``refusals``: for each purpose given that the gate refuses, why."""
    verdicts = ((s, p, eligible(s, None, law, as_of, p)) for s in states for p in PURPOSES if p in s.purposes)
    return [
        {"contribution": state.contribution, "purpose": purpose, "reason": verdict.reason}
        for state, purpose, verdict in verdicts
        if isinstance(verdict, Refused)
    ]


def _version(document: Document) -> dict[str, Any]:
    body = document.body
    return {
        "version": body["version"],
        "document": document.digest,
        "items": body["items"],
        "refused": body["refused"],
        "recipe": body["recipe"],
        "policy": body["policy"],
        "as_of": body["builtFrom"]["asOf"],
        "published_at": body["time"],
        "node": document.signer,
    }


def _members(home: Home, versions: list[Document]) -> list[dict[str, Any]]:
    members: dict[tuple[str, str], dict[str, Any]] = {}
    for document in versions:
        try:
            lines = [
                line
                for shard in manifest_shards(home, document)
                for line in shard.select("row", "contribution", "weight").iter_rows(named=True)
            ]
        except NotFound:
            continue  # A version that another node built, whose manifest has not come here.
        for line in lines:
            members[(document.body["version"], line["row"])] = {"version": document.body["version"], **line}
    return list(members.values())


def counted_statements(documents: list[Document], roles: Roles) -> list[tuple[Document, bool]]:
    """The documents about one contribution, and whether each counts."""
    facts = [d for d in documents if d.kind == "ConsentFact" and is_authorised(d, roles)]
    fact = min(facts, key=lambda d: d.digest, default=None)
    return [(d, is_authorised(d, roles, fact)) for d in documents]


def _statements(documents: list[Document], roles: Roles) -> list[dict[str, Any]]:
    return [_statement(d, counts) for d, counts in counted_statements(documents, roles)]


def _statement(document: Document, counts: bool) -> dict[str, Any]:
    return {"digest": document.digest, "kind": document.kind, "signer": document.signer, "counts": counts}
