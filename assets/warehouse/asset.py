"""The assets of the warehouse: the lake, and one run of dbt for all models and tests.

Importing this module imports dagster-dbt, which takes seconds: only `lecs_pipeline.whole` does.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from assets.dataset.asset import dataset_version
from assets.intake.ledger import ledger
from assets.provenance.lake import TABLES, lake_digest, read_lake, write_lake
from assets.warehouse.lineage import asset_key, column_lineage, lake_lineage
from assets.warehouse.offline import OfflineDbt, environment_of
from assets.warehouse.project import manifest
from assets.warehouse.publishing import Table, described_tables, differing_views, new_warehouse, publish_warehouse
from assets.workspace import Workspace, now

GROUP: Final = "provenance"
OWNERS: Final = ["team:curators"]


class Translator(DagsterDbtTranslator):
    """Short names, one group, descriptions without the SQL."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Models by their own name; every table of the lake is the one asset ``lake``."""
        return asset_key("lake" if dbt_resource_props["resource_type"] == "source" else dbt_resource_props["name"])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the model's author wrote."""
        return str(dbt_resource_props.get("description", ""))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """All in one group."""
        return GROUP

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Curators look after all of it."""
        return OWNERS


class LakeConfig(dg.Config):
    """For which time the lake is made."""

    as_of: str = ""


@dg.asset(
    key=asset_key("lake"), deps=[ledger, dataset_version], group_name=GROUP, kinds={"polars", "parquet"},
    code_version="1", owners=OWNERS,
)  # fmt: skip
def lake(config: LakeConfig, workspace: Workspace) -> dg.MaterializeResult[None]:
    """Public documents, members of versions, and the law of now, as tables for SQL."""
    with workspace.open() as home:
        made = write_lake(home, config.as_of or now())
        content = lake_digest(home)
    columns = [
        dg.TableColumn(f"{table}.{name}", str(kind))
        for table, schema in TABLES.items()
        for name, kind in schema.items()
    ]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(content),
        metadata={
            "dagster/row_count": made.counts["statements"],
            "dagster/column_schema": dg.TableSchema(columns),
            "dagster/column_lineage": lake_lineage(dataset_version.key),
            "as_of": made.as_of,
            "members": made.counts["members"],
        },
    )


@dbt_assets(
    manifest=manifest(),
    name="models",
    dagster_dbt_translator=Translator(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)),
)
def models(context: dg.AssetExecutionContext, workspace: Workspace, dbt: OfflineDbt) -> Iterator[Any]:
    """Every dbt model and test in one run of dbt; published when all passed and SQL agrees with the folds.

    Models count as made once they are published: their events wait until then.
    """
    if context.selected_asset_keys != context.assets_def.keys:
        raise dg.Failure(
            "The tables of the warehouse are made and published together: choose all of them, or the job `warehouse`.",
            allow_retries=False,
        )
    made: list[dg.Output[Any]] = []
    checked: list[Any] = []
    with workspace.open() as home:
        warehouse, target = new_warehouse(home), home.derived / "dbt"
        target.mkdir(parents=True, exist_ok=True)
        with environment_of(home.path):
            run = dbt.cli(["build"], context=context, target_path=target)
        try:
            for event in run.stream():
                if isinstance(event, dg.Output):
                    made.append(event)
                else:
                    checked.append(event)
        except Exception:
            yield from checked
            raise
        if different := differing_views(home, warehouse):
            raise dg.Failure(f"SQL and the folds differ in {', '.join(different)}: the warehouse was not published")
        tables = described_tables(warehouse)
        publish_warehouse(home, warehouse, read_lake(home))
    yield from (_with_tables(output, tables) for output in made)
    yield from checked


def _with_tables(output: dg.Output[Any], tables: Mapping[str, Table]) -> dg.Output[Any]:
    """The event of a model with its content, rows, columns, and where each column comes from."""
    name = str(output.metadata["unique_id"].value).rpartition(".")[2]
    model = _MODELS[name]
    table = tables[name]
    told = {column: props.get("description") or None for column, props in model["columns"].items()}
    schema = dg.TableSchema([dg.TableColumn(column, kind, told.get(column)) for column, kind in table.types.items()])
    shown: dict[str, Any] = {
        "dagster/row_count": table.rows,
        "dagster/column_schema": schema,
        "dagster/column_lineage": column_lineage(model),
    }
    return dg.Output(
        output.value, output.output_name, metadata={**output.metadata, **shown}, tags=output.tags,
        data_version=dg.DataVersion(table.content),
    )  # fmt: skip


def _models() -> dict[str, Mapping[str, Any]]:
    nodes = json.loads(manifest().read_bytes())["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model"}


_MODELS: Final = _models()
