"""Which column comes from which: from what the dbt models declare, for the column lineage of the Dagster UI.

A model's column says ``from: [table.column]`` in its meta; a test holds that to the SQL. dagster-dbt could read it
from the SQL itself, but needs the finished file for that while another process writes it.
"""

from collections.abc import Mapping
from typing import Any, Final

import dagster as dg

from assets.intake.ledger import from_consent
from assets.provenance.lake import STATEMENTS

#: The first part of the key of every asset of the warehouse.
PREFIX: Final = "warehouse"
#: Columns of the lake's tables that come from a version's manifest.
_FROM_MANIFEST: Final = ("row", "contribution", "weight")


def asset_key(name: str) -> dg.AssetKey:
    """The key of a model, or of the lake."""
    return dg.AssetKey([PREFIX, name])


def declared(model: Mapping[str, Any]) -> dict[str, list[str]]:
    """Column -> the ``table.column`` it comes from, of one model of the manifest."""
    metas = {name: column.get("config", {}).get("meta", {}) for name, column in model["columns"].items()}
    return {name: list(meta["from"]) for name, meta in metas.items() if "from" in meta}


def column_lineage(model: Mapping[str, Any]) -> dg.TableColumnLineage:
    """The declared lineage in Dagster's form; the lake's columns are named ``table.column``."""
    return dg.TableColumnLineage(
        {column: [_origin(origin) for origin in origins] for column, origins in declared(model).items()}
    )


def lake_lineage(version: dg.AssetKey) -> dg.TableColumnLineage:
    """The lake's members come from the manifests of versions, its statements from the ledger."""
    members = {f"members.{column}": [dg.TableColumnDep(version, column)] for column in _FROM_MANIFEST}
    statements = from_consent(STATEMENTS, prefix="statements.").deps_by_column
    return dg.TableColumnLineage({**members, **statements})


def _origin(origin: str) -> dg.TableColumnDep:
    table, _, column = origin.partition(".")
    return dg.TableColumnDep(asset_key(table), column)
