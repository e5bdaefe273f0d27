"""The asset ``unique`` and its check: every commitment holds."""

import dagster as dg

from assets.columns import column_schema
from assets.corpus.commitments import check_commitments
from assets.corpus.uniqueness import keep_unique
from assets.intake.asset import eligible
from assets.plots import counts_table
from assets.stages import DUPLICATES, SCHEMAS, UNIQUE, scan_stage
from assets.workspace import Workspace


@dg.asset(
    deps=[eligible], group_name="corpus", kinds={"polars", "parquet"}, code_version="1",
    owners=["team:curators"],
)  # fmt: skip
def unique(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One of each text within its cohort; near-duplicates are dropped only for one that stays."""
    with workspace.open() as home:
        kept, dropped = keep_unique(home)
        dropped_for = counts_table(scan_stage(home, DUPLICATES), "jaccard")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": kept,
            "dropped": dropped,
            "dagster/column_schema": column_schema(SCHEMAS[UNIQUE]),
            "dropped_for": dg.MetadataValue.md(dropped_for),
        },
    )


@dg.asset_check(asset=unique, blocking=True)
def commitments_hold(workspace: Workspace) -> dg.AssetCheckResult:
    """Every text that is here is, byte for byte, the one its contributor signed over."""
    with workspace.open() as home:
        checked, problems = check_commitments(home)
    return dg.AssetCheckResult(
        passed=not problems,
        metadata={"checked": checked, "problems": dg.MetadataValue.json(problems[:50])},
        description="; ".join(problems[:3]) or f"{checked} commitments hold",
    )
