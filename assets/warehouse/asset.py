"""The assets ``lake`` and the dbt models: provenance in SQL, for whoever asks questions."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, dbt_assets

from assets.provenance.asset import views
from assets.provenance.lake import lake_folder, write_lake
from assets.provenance.views import read_recorded
from assets.warehouse.project import PROJECT, manifest
from assets.warehouse.publishing import differing_views, new_warehouse, publish_warehouse
from assets.workspace import Workspace
from substrate.store.errors import NotFound


class Translator(DagsterDbtTranslator):
    """Short names, one group, and descriptions without the SQL."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Models by their own name; every table of the lake is the one asset ``lake``."""
        return dg.AssetKey("lake" if dbt_resource_props["resource_type"] == "source" else dbt_resource_props["name"])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the model's author wrote."""
        return str(dbt_resource_props.get("description", ""))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """All in one group."""
        return "warehouse"


@dg.asset(deps=[views], group_name="warehouse", kinds={"polars", "parquet"}, code_version="1", owners=["team:curators"])
def lake(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Public documents, members and the law of the views' cut, as Parquet tables for SQL."""
    with workspace.open() as home:
        recorded = read_recorded(home)
        if recorded is None:
            raise NotFound("no views are recorded: build a version first")
        counts = write_lake(home, recorded.cut, recorded.as_of)
    return dg.MaterializeResult(
        metadata={"dagster/row_count": counts["statements"], "members": counts["members"], "as_of": recorded.as_of}
    )


@dbt_assets(
    manifest=manifest(),
    project=PROJECT,
    name="warehouse",
    dagster_dbt_translator=Translator(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)),
)
def warehouse(context: dg.AssetExecutionContext, workspace: Workspace, dbt: DbtCliResource) -> Iterator[Any]:
    """Every dbt model and test, in one run of dbt; published when all passed and SQL agrees with the folds."""
    with workspace.open() as home:
        path = new_warehouse(home)
        variables = {"lake": str(lake_folder(home)), "warehouse": str(path)}
        target = home.derived / "dbt"
        target.mkdir(parents=True, exist_ok=True)
        yield from dbt.cli(
            ["build", "--vars", json.dumps(variables), "--log-path", str(target)], context=context, target_path=target
        ).stream()
        if different := differing_views(home, path):
            raise dg.Failure(f"SQL and the folds differ in {', '.join(different)}: the warehouse was not published")
        publish_warehouse(home, path)
