"""The asset ``languages``: what each language brings to the mixture. One partition per language."""

import hashlib
import io
from typing import Any

import dagster as dg
import polars as pl

from assets.columns import column_schema
from assets.lineage import column_lineage
from assets.mixture.asset import mixture
from assets.partitions import LANGUAGES, language_key
from assets.plots import bars, shares
from assets.stages import MIXTURE, SCHEMAS, scan_stage, stage_path
from assets.workspace import Workspace
from substrate.store.home import Home

FOLDER = "languages"
KEYS = ["language", "domain", "tier"]
SCHEMA = pl.Schema(
    {
        "language": pl.String(), "domain": pl.String(), "tier": pl.String(), "items": pl.Int64(),
        "weight": pl.Int64(),
    }
)  # fmt: skip


@dg.asset(
    deps=[mixture], group_name="mixture", kinds={"polars", "parquet"}, code_version="1", owners=["team:curators"],
    partitions_def=LANGUAGES, backfill_policy=dg.BackfillPolicy.single_run(),
    automation_condition=dg.AutomationCondition.eager(),
)  # fmt: skip
def languages(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Items and weight by domain and tier, language by language: what a curator of one language looks at."""
    with workspace.open() as home:
        frame = by_language(home)
        for key in context.partition_keys:
            mine = frame.filter(_belongs(key))
            write_language(home, key, mine)
            context.add_asset_metadata(_told(mine, frame), partition_key=key)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(_digest(frame)),
        metadata={
            "dagster/column_schema": column_schema(SCHEMA),
            "dagster/column_lineage": column_lineage(SCHEMA, "mixture", SCHEMAS[MIXTURE], {"items": ("row",)}),
        },
    )


@dg.asset_check(asset=languages)
def languages_add_up(workspace: Workspace) -> dg.AssetCheckResult:
    """No item of the mixture is missing among the languages, and none is counted twice."""
    with workspace.open() as home:
        items = int(scan_stage(home, MIXTURE).select(pl.len()).collect().item())
        frame = by_language(home)
    counted = sum(int(frame.filter(_belongs(key))["items"].sum()) for key in LANGUAGES.get_partition_keys())
    return dg.AssetCheckResult(
        passed=counted == items,
        metadata={"items": items, "counted": counted},
        description=f"{counted} of {items} items belong to one language",
    )


def by_language(home: Home) -> pl.DataFrame:
    """Items and weight of the mixture by language, domain and tier, sorted."""
    sums = scan_stage(home, MIXTURE).group_by(KEYS).agg(items=pl.len().cast(pl.Int64), weight=pl.col("weight").sum())
    return sums.collect().select(SCHEMA.names()).sort(KEYS)


def write_language(home: Home, key: str, frame: pl.DataFrame) -> None:
    """One partition as a file among the stages, which an erasure clears like all of them."""
    path = stage_path(home, FOLDER) / f"{key}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    frame.write_parquet(temporary)
    temporary.replace(path)


def _belongs(key: str) -> pl.Expr:
    return pl.col("language").map_elements(language_key, return_dtype=pl.String()) == key


def _told(mine: pl.DataFrame, everything: pl.DataFrame) -> dict[str, Any]:
    parts = {name: (int(mine[name].sum()), int(everything[name].sum())) for name in ("items", "weight")}
    return {
        "dagster/row_count": parts["items"][0],
        "share": dg.MetadataValue.md(shares(parts)),
        "domains": dg.MetadataValue.md(bars(mine, "domain", "items")),
        "tiers": dg.MetadataValue.md(bars(mine, "tier", "items")),
    }


def _digest(frame: pl.DataFrame) -> str:
    buffer = io.BytesIO()
    frame.write_ndjson(buffer)
    return hashlib.sha256(buffer.getvalue()).hexdigest()
