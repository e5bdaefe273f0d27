"""One DuckDB file, written by one process beside the old one, published by atomic rename.

Readers open it read-only; one that has the old file open keeps reading that one.
"""

from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from assets.provenance.views import SCHEMAS
from substrate.store.failpoints import failpoint
from substrate.store.home import Home

NEW: Final = "warehouse.new.duckdb"
PUBLISHED: Final = "warehouse.duckdb"


def new_warehouse(home: Home) -> Path:
    """The path for a warehouse in the making; what an earlier run left there is removed."""
    path = home.derived / NEW
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(f"{NEW}*"):
        leftover.unlink()
    return path


def differing_views(home: Home, warehouse: Path) -> list[str]:
    """Views in which SQL and the Python fold say different things: there must be none."""
    with duckdb.connect(str(warehouse)) as connection:
        return [view for view in ("contributions", "refusals", "versions") if not _same(home, connection, view)]


def _same(home: Home, connection: duckdb.DuckDBPyConnection, view: str) -> bool:
    schema = SCHEMAS[view]
    columns = ", ".join(schema.names())
    rows = connection.execute(f"SELECT {columns} FROM {view}").fetchall()
    said = pl.DataFrame(rows, schema=schema, orient="row")
    fold = pl.read_parquet(home.derived / "views" / f"{view}.parquet")
    order = list(schema)[:3]
    return said.sort(order).equals(fold.sort(order))


def publish_warehouse(home: Home, warehouse: Path) -> Path:
    """Put the new file in the place of the old one."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CHECKPOINT")
    failpoint("warehouse.made")
    return warehouse.replace(home.derived / PUBLISHED)
