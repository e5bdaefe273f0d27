"""The asset ``views`` and its check: what anyone can recompute."""

import hashlib

import dagster as dg
import polars as pl

from assets.columns import column_schema
from assets.dataset.asset import dataset_version
from assets.plots import bars
from assets.provenance.views import SCHEMAS, Recorded, damaged_views, read_recorded, scan_view, write_views
from assets.stages import read_basis
from assets.workspace import Workspace
from substrate.record.canonical import canonical_bytes


@dg.asset(
    deps=[dataset_version], group_name="provenance", kinds={"polars", "parquet"}, code_version="1",
    owners=["team:curators"],
)  # fmt: skip
def views(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Contributions, refusals, versions, members and statements, folded from public documents alone."""
    with workspace.open() as home:
        recorded = write_views(home, read_basis(home).as_of)
        frames = {name: scan_view(home, name) for name in SCHEMAS}
        heights = {name: int(frame.select(pl.len()).collect().item()) for name, frame in frames.items()}
        states, kinds = bars(frames["contributions"], "state"), bars(frames["statements"], "kind")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(hashlib.sha256(canonical_bytes(dict(recorded.digests))).hexdigest()),
        metadata={
            "dagster/row_count": heights["contributions"],
            "as_of": recorded.as_of,
            "states": dg.MetadataValue.md(states),
            "statements": dg.MetadataValue.md(kinds),
            "views": dg.MetadataValue.md(_table(recorded, heights)),
            "dagster/column_schema": column_schema(SCHEMAS["contributions"]),
        },
    )


@dg.asset_check(asset=views)
def views_are_whole(workspace: Workspace) -> dg.AssetCheckResult:
    """Every view on disk is the file that was written; a changed byte is noticed before anybody reads it."""
    with workspace.open() as home:
        problems = damaged_views(home)
        recorded = read_recorded(home)
    return dg.AssetCheckResult(
        passed=recorded is not None and not problems,
        metadata={"damaged": dg.MetadataValue.json(problems)},
        description="; ".join(problems) or "every view is what was written",
    )


def _table(recorded: Recorded, heights: dict[str, int]) -> str:
    lines = ["| view | lines | SHA-256 of what it holds |", "|---|---:|---|"]
    return "\n".join(lines + [f"| {name} | {heights[name]} | `{recorded.digests[name]}` |" for name in heights])
