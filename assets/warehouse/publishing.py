"""One DuckDB file, written by one process beside the old one, published by atomic rename.

Readers open it read-only; one that has the old file open keeps reading that one. It holds public documents and
what follows from them: deleted and rebuilt at will.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from assets.provenance.lake import Lake, folds_folder
from assets.provenance.views import SCHEMAS
from substrate.store.errors import NotFound
from substrate.store.files import write_atomic
from substrate.store.home import Home

NEW: Final = "warehouse.new.duckdb"
PUBLISHED: Final = "warehouse.duckdb"
#: Views of which a table of the same name and columns is in the warehouse.
COMPARED: Final = ("contributions", "refusals", "versions", "members")
#: A query may read the tables and nothing else: no other file, no extension, no setting that allows it again.
_CLOSED: Final[dict[str, Any]] = {
    "enable_external_access": False, "autoinstall_known_extensions": False, "autoload_known_extensions": False,
    "lock_configuration": True,
}  # fmt: skip


def new_warehouse(home: Home) -> Path:
    """The path for a warehouse in the making; what an earlier run left there is removed."""
    path = home.derived / NEW
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(f"{NEW}*"):
        if leftover.is_file():
            leftover.unlink()
    return path


def differing_views(home: Home, warehouse: Path) -> list[str]:
    """Views in which SQL and the Python fold say different things: there must be none."""
    with duckdb.connect(str(warehouse)) as connection:
        return [view for view in COMPARED if not _same(home, connection, view)]


def _same(home: Home, connection: duckdb.DuckDBPyConnection, view: str) -> bool:
    columns = ", ".join(SCHEMAS[view].names())
    said = connection.table(view).project(columns)
    fold = connection.read_parquet(str(folds_folder(home) / f"{view}.parquet")).project(columns)
    return len(said) == len(fold) and not len(said.except_(fold)) and not len(fold.except_(said))


@dataclass(frozen=True, slots=True)
class Table:
    """A table: how many rows it has, the type of each column, and a digest of its rows, whatever their order."""

    rows: int
    types: dict[str, str]
    content: str


def described_tables(warehouse: Path) -> dict[str, Table]:
    """What each table is, by its name."""
    with duckdb.connect(str(warehouse)) as connection:
        names = [str(line[0]) for line in connection.execute("SHOW TABLES").fetchall()]
        return {name: _described(connection.table(name)) for name in names}


def _described(table: duckdb.DuckDBPyRelation) -> Table:
    types = dict(zip(table.columns, map(str, table.types), strict=True))
    packed = ", ".join(f'"{column}" := "{column}"' for column in table.columns)
    # Two sums of half a digest per row each: no order, and no row at once in memory.
    halves = [f"sum(('0x' || substr(line, {start}, 15))::UBIGINT::HUGEINT)" for start in (1, 16)]
    lines = table.project(f"sha256(to_json(struct_pack({packed}))::VARCHAR) AS line")
    ((rows, *sums),) = lines.aggregate(", ".join(["count(*)", *halves])).fetchall()
    content = hashlib.sha256(f"{sorted(types.items())} {rows} {sums}".encode()).hexdigest()
    return Table(int(rows), types, content)


def publish_warehouse(home: Home, warehouse: Path, lake: Lake) -> Path:
    """Put the new file in the place of the old one, and note what it was made from."""
    with duckdb.connect(str(warehouse)):
        pass  # Closing it writes what is left of its log into the file.
    place = warehouse.replace(home.derived / PUBLISHED)
    about = {"as_of": lake.as_of, "high_water": lake.high_water}
    write_atomic(home.derived / "warehouse.json", json.dumps(about).encode(), durable=False)
    return place


def made_from(home: Home) -> tuple[str, int] | None:
    """Time and ledger position of the published warehouse; None where there is none."""
    try:
        about = json.loads((home.derived / "warehouse.json").read_bytes())
    except FileNotFoundError:
        return None
    return (about["as_of"], about["high_water"]) if (home.derived / PUBLISHED).exists() else None


def open_warehouse(home: Home) -> duckdb.DuckDBPyConnection:
    """The published warehouse, for reading only; nothing outside it can be read through it.

    Raises:
        NotFound: none is published.
    """
    path = home.derived / PUBLISHED
    if not path.exists():
        raise NotFound("there is no warehouse yet: run `lecs warehouse build`")
    return duckdb.connect(str(path), read_only=True, config=_CLOSED)
