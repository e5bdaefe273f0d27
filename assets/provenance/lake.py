"""The lake under the warehouse: public documents, members and the law of one cut, as Parquet files.

dbt reads these files and nothing else. What a statement says is laid out in columns; whether it counts is
decided here, by the same `is_authorised` as everywhere: signatures and authority are not SQL's business.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from assets.dataset.manifests import manifest_here, manifest_shards
from assets.provenance.views import compute_views, counted_statements
from consent.gate import RULES, Law
from consent.survey import law_here
from substrate.record.authority import Roles, curators, is_authorised
from substrate.record.canonical import canonical_bytes
from substrate.record.cut import Cut
from substrate.record.documents import Document
from substrate.record.vocabulary import PURPOSES_OF_TIER, RELEASED, STRICTNESS
from substrate.store.errors import NotFound
from substrate.store.home import Home

#: Rows of one part file; bounds memory, not results.
PART: Final = 50_000

_TEXTS = pl.List(pl.String())
STATEMENTS: Final = pl.Schema(
    {
        "digest": pl.String(), "kind": pl.String(), "signer": pl.String(), "contribution": pl.String(),
        "counts": pl.Boolean(), "stated_at": pl.String(), "row": pl.String(), "tier": pl.String(),
        "purposes": _TEXTS, "standing": pl.String(), "preview": pl.String(), "language": pl.String(),
        "size_class": pl.String(), "cohort": pl.Int32(), "parties_required": pl.Int32(), "parties_given": pl.Int32(),
        "record": pl.String(), "redactor": pl.String(), "expires": pl.String(), "hold_until": pl.String(),
        "withdrawn": pl.Boolean(),
        "decision": pl.String(), "grounds": _TEXTS, "previous": pl.String(), "row_before": pl.String(),
        "row_after": pl.String(), "version": pl.String(), "items": pl.Int64(), "refused": pl.Int64(),
        "recipe": pl.String(), "policy": pl.String(), "as_of": pl.String(), "because": pl.String(),
        "reading": pl.String(), "cites": pl.String(),
    }
)  # fmt: skip
MEMBERS: Final = pl.Schema(
    {"version": pl.String(), "row": pl.String(), "contribution": pl.String(), "weight": pl.Int64()}
)
#: A reading of a held text, once for each state of the charter in which its key was a curator's.
READINGS: Final = pl.Schema(
    {
        "contribution": pl.String(), "digest": pl.String(), "curator": pl.String(), "row": pl.String(),
        "reading": pl.String(), "standing": pl.String(), "charter_state": pl.Int32(), "needed": pl.Int32(),
    }
)  # fmt: skip
LAW: Final = pl.Schema({"as_of": pl.String(), "standings": _TEXTS, "previews": _TEXTS})
TIERS: Final = pl.Schema({"tier": pl.String(), "strictness": pl.Int32(), "purposes": _TEXTS})
STANDINGS: Final = pl.Schema({"standing": pl.String(), "weakness": pl.Int32()})
REASONS: Final = pl.Schema({"reason": pl.String(), "place": pl.Int32(), "sentence": pl.String()})
#: Every table of the lake; dbt's sources are these.
TABLES: Final[dict[str, pl.Schema]] = {
    "statements": STATEMENTS, "readings": READINGS, "members": MEMBERS, "law": LAW, "tiers": TIERS,
    "standings": STANDINGS, "reasons": REASONS,
}  # fmt: skip

#: Column -> key of a document's body, where a plain copy is enough.
_COPIED: Final = {
    "row": "row", "tier": "tier", "purposes": "purposes", "standing": "standing",
    "preview": "preview", "language": "language", "size_class": "sizeClass", "cohort": "cohort",
    "record": "record", "redactor": "redactor", "expires": "expires", "hold_until": "holdUntil",
    "withdrawn": "withdrawn",
    "decision": "decision", "grounds": "grounds", "previous": "previous", "row_before": "rowBefore",
    "row_after": "rowAfter", "because": "reason", "reading": "reading",
    "cites": "cites",
}  # fmt: skip
#: Which kinds are laid out in columns; of all others the lake says that they exist, and by whom.
_ABOUT_A_CONTRIBUTION: Final = frozenset(
    {"ConsentFact", "PartyConsent", "ConsentWithdrawal", "ConsentNarrowing", "ConsentChange", "ModerationDecision",
     "Redaction", "HeldReading", "Erased"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lake:
    """For which cut and time a lake was made, how far the ledger went then, and how many rows each table has."""

    as_of: str
    high_water: int
    counts: dict[str, int]


def lake_folder(home: Home) -> Path:
    """Where the lake of a home lies: ``derived/lake``, one folder per table."""
    return home.derived / "lake"


def folds_folder(home: Home) -> Path:
    """Beside the tables, what the Python folds say of the same cut: SQL has to say the same."""
    return lake_folder(home) / "folds"


def write_lake(home: Home, as_of: str) -> Lake:
    """Write every table for the ledger as it is here now.

    The new lake is made beside the old one and takes its place when it is whole.
    """
    high_water, cut = home.ledger.high_water(), home.ledger.cut()
    roles = home.roles_in(cut, as_of)
    folder = lake_folder(home)
    fresh = folder.with_name("lake.new")
    shutil.rmtree(fresh, ignore_errors=True)
    counts = write_tables(
        fresh,
        {
            "statements": _statements(home, cut, roles),
            "readings": reading_rows(_readings(home, cut), roles),
            "members": _members(home, cut, roles),
            **law_rows(law_here(roles), as_of),
        },
    )
    (fresh / "folds").mkdir()
    for name, frame in compute_views(home, cut, as_of).items():
        frame.write_parquet(fresh / "folds" / f"{name}.parquet", compression="zstd")
    lake = Lake(as_of, high_water, counts)
    (fresh / "about.json").write_bytes(canonical_bytes(asdict(lake)))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.replace(folder)
    return lake


def read_lake(home: Home) -> Lake:
    """What the lake was made for.

    Raises:
        NotFound: there is none.
    """
    try:
        return Lake(**json.loads((lake_folder(home) / "about.json").read_bytes()))
    except FileNotFoundError:
        raise NotFound("there is no lake: run `lecs warehouse build`") from None


def lake_digest(home: Home) -> str:
    """SHA-256 of the lake's tables as they lie there, file by file."""
    whole = hashlib.sha256()
    for file in sorted(path for name in TABLES for path in (lake_folder(home) / name).glob("*.parquet")):
        with file.open("rb") as opened:
            whole.update(
                f"{file.parent.name}/{file.name} {hashlib.file_digest(opened, 'sha256').hexdigest()}\n".encode()
            )
    return whole.hexdigest()


def write_tables(folder: Path, rows: Mapping[str, Iterable[dict[str, Any]]]) -> dict[str, int]:
    """Write the rows of every table of `TABLES` below ``folder``; returns how many each has."""
    return {name: _write(folder / name, schema, rows[name]) for name, schema in TABLES.items()}


def law_rows(law: Law, as_of: str) -> dict[str, list[dict[str, Any]]]:
    """What the gate decides by, as rows: so that SQL has no copy of the rules' words."""
    return {
        "law": [{"as_of": as_of, "standings": sorted(law.standings), "previews": sorted(law.previews)}],
        "tiers": [
            {"tier": tier, "strictness": n, "purposes": sorted(PURPOSES_OF_TIER[tier])}
            for n, tier in enumerate(STRICTNESS)
        ],
        "standings": [{"standing": standing, "weakness": n} for n, standing in enumerate(RELEASED)],
        "reasons": [{"reason": r, "place": n, "sentence": s} for n, (r, s) in enumerate(RULES.items())],
    }


def statement_rows(contribution: str, documents: list[Document], roles: Roles) -> Iterator[dict[str, Any]]:
    """The documents about one contribution in the columns of `STATEMENTS`."""
    for document, counts in counted_statements(documents, roles):
        yield _columns(document, contribution, counts)


def reading_rows(documents: Iterable[Document], roles: Roles) -> Iterator[dict[str, Any]]:
    """The readings that count, in the columns of `READINGS`: what `Roles.read_enough` asks about each of them."""
    states = [(roles.chain.state, None), *roles.chain.epochs]
    for document in documents:
        if document.kind != "HeldReading" or not is_authorised(document, roles):
            continue
        for number, (state, cut) in enumerate(states):
            here = cut is None or roles.inside(document.digest, cut)
            if here and curators(state, [(document.signer, document.digest)], roles.inside):
                yield {
                    "contribution": document.body["contribution"],
                    "digest": document.digest,
                    "curator": document.signer,
                    "row": document.body["row"],
                    "reading": document.body["reading"],
                    "standing": document.body.get("standing"),
                    "charter_state": number,
                    "needed": 2 if state.body["secondReader"] else 1,
                }


def _write(folder: Path, schema: pl.Schema, rows: Iterable[dict[str, Any]]) -> int:
    """Part files of at most `PART` rows each; at least one, so that an empty table has its columns."""
    folder.mkdir(parents=True)
    count = 0
    for number, part in enumerate(_parts(rows)):
        pl.DataFrame(part, schema=schema).write_parquet(folder / f"{number:05}.parquet", compression="zstd")
        count += len(part)
    return count


def _parts(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    whole = 0
    for row in rows:
        part.append(row)
        if len(part) == PART:
            yield part
            part, whole = [], whole + 1
    if part or not whole:
        yield part


def _statements(home: Home, cut: Cut, roles: Roles) -> Iterator[dict[str, Any]]:
    for contribution, documents in home.ledger.by_subject(cut):
        yield from statement_rows(contribution, documents, roles)
    for document in home.ledger.documents(subject=""):
        if home.ledger.holds(document.digest, cut):
            yield _columns(document, "", is_authorised(document, roles))


def _readings(home: Home, cut: Cut) -> Iterator[Document]:
    readings = home.ledger.documents(kinds=frozenset({"HeldReading"}))
    return (document for document in readings if home.ledger.holds(document.digest, cut))


def _columns(document: Document, contribution: str, counts: bool) -> dict[str, Any]:
    line: dict[str, Any] = dict.fromkeys(STATEMENTS)
    line |= {
        "digest": document.digest, "kind": document.kind, "signer": document.signer, "contribution": contribution,
        "counts": counts, "stated_at": document.body.get("time"),
    }  # fmt: skip
    body = document.body
    if document.kind in _ABOUT_A_CONTRIBUTION:
        line |= {column: body.get(key) for column, key in _COPIED.items()}
    if document.kind == "ConsentFact":
        line |= {"parties_required": body["parties"]["required"], "parties_given": body["parties"]["given"]}
    if document.kind == "DatasetVersion":
        line |= {key: body[key] for key in ("version", "items", "refused", "recipe", "policy")}
        line |= {"as_of": body["builtFrom"]["asOf"]}
    return line


def _members(home: Home, cut: Cut, roles: Roles) -> Iterator[dict[str, Any]]:
    """The leaves of every version that counts and whose manifest is here, each version once."""
    seen: set[str] = set()
    for document in home.ledger.documents(subject="", kinds=frozenset({"DatasetVersion"})):
        version = document.body["version"]
        if version in seen or not home.ledger.holds(document.digest, cut) or not is_authorised(document, roles):
            continue
        if not manifest_here(home, document):
            continue  # A version that another node built, whose manifest has not come here.
        seen.add(version)
        for shard in manifest_shards(home, document):
            for line in shard.select("row", "contribution", "weight").iter_rows(named=True):
                yield {"version": version, **line}
