"""The asset ``unique`` and its check: every commitment holds."""

import dagster as dg

from assets.columns import column_schema
from assets.corpus.commitments import check_commitments
from assets.corpus.uniqueness import keep_unique
from assets.intake.asset import eligible
from assets.lineage import column_lineage
from assets.plots import bars, bars_of, counts_table
from assets.seals import stage_digest
from assets.stages import DUPLICATES, ELIGIBLE, SCHEMAS, UNIQUE, scan_stage
from assets.workspace import Workspace
from corpus.version import STEPS


@dg.asset(
    deps=[eligible], group_name="corpus", kinds={"polars", "parquet"}, code_version=STEPS["unique"],
    owners=["team:curators"],
)  # fmt: skip
def unique(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One of each text within its cohort; near-duplicates are dropped only for one that stays."""
    with workspace.open() as home:
        kept, dropped = keep_unique(home)
        dropped_for = counts_table(scan_stage(home, DUPLICATES), "jaccard")
        cohorts, content = bars(scan_stage(home, UNIQUE), "cohort"), stage_digest(home, UNIQUE)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(content),
        metadata={
            "dagster/row_count": kept,
            "dropped": dropped,
            "dagster/column_schema": column_schema(SCHEMAS[UNIQUE]),
            "kept_and_dropped": dg.MetadataValue.md(bars_of({"kept": kept, "dropped": dropped})),
            "cohorts": dg.MetadataValue.md(cohorts),
            "dropped_for": dg.MetadataValue.md(dropped_for),
            "dagster/column_lineage": column_lineage(SCHEMAS[UNIQUE], "eligible", SCHEMAS[ELIGIBLE]),
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
