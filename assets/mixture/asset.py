"""The asset ``mixture`` and its check: the gate holds for every row."""

import dagster as dg
import polars as pl

from assets.columns import column_schema
from assets.corpus.asset import unique
from assets.intake.eligibility import refused_rows
from assets.lineage import column_lineage
from assets.mixture.plots import before_and_after
from assets.mixture.weighing import weigh_unique
from assets.plots import bars
from assets.seals import stage_digest
from assets.stages import MIXTURE, SCHEMAS, UNIQUE, height_of, parts, read_basis, scan_stage
from assets.workspace import Workspace
from corpus.mixture import Class
from corpus.version import STEPS


@dg.asset(
    deps=[unique], group_name="mixture", kinds={"polars", "parquet"}, code_version=STEPS["mixture"],
    owners=["team:curators"],
)  # fmt: skip
def mixture(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """How often each text is used: relative whole numbers, the mean of a cohort is 1,000,000."""
    with workspace.open() as home:
        items = weigh_unique(home)
        frame = scan_stage(home, MIXTURE)
        least, most = frame.select(least=pl.col("weight").min(), most=pl.col("weight").max()).collect().row(0)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(stage_digest(home, MIXTURE)),
            metadata={
                "dagster/row_count": items,
                "dagster/column_schema": column_schema(SCHEMAS[MIXTURE]),
                "dagster/column_lineage": column_lineage(
                    SCHEMAS[MIXTURE], "unique", SCHEMAS[UNIQUE], {"weight": Class._fields, "reasons": Class._fields}
                ),
                "least": least or 0,
                "most": most or 0,
                "before_and_after": dg.MetadataValue.md(before_and_after(frame)),
                "domains": dg.MetadataValue.md(bars(frame, "domain")),
                "cohorts": dg.MetadataValue.md(bars(frame, "cohort")),
            },
        )


@dg.asset_check(asset=mixture, blocking=True)
def gate_holds(workspace: Workspace) -> dg.AssetCheckResult:
    """The gate says yes, once more, to every row that would enter the version."""
    with workspace.open() as home:
        basis, checked = read_basis(home), height_of(home, MIXTURE)
        refused = [line for part in parts(home, MIXTURE) for line in refused_rows(home, part, basis.as_of)]
        # What changed while the build ran is asked for once more, and left out, when the version is published.
        touched = home.ledger.touched_since(basis.high_water)
        refused = [one for one in refused if one["contribution"] not in touched]
    return dg.AssetCheckResult(
        passed=not refused,
        metadata={"checked": checked, "refused": dg.MetadataValue.json(refused[:50])},
        description=f"{checked - len(refused)} of {checked} rows admitted",
    )


@dg.asset_check(asset=mixture)
def every_weight_counts(workspace: Workspace) -> dg.AssetCheckResult:
    """No weight is zero: what somebody declared of a text's quality may lower its weight, never to nothing."""
    with workspace.open() as home:
        frame = scan_stage(home, MIXTURE)
        rows, nothing = frame.select(pl.len(), (pl.col("weight") < 1).sum().alias("nothing")).collect().row(0)
    return dg.AssetCheckResult(
        passed=not nothing,
        metadata={"items": rows, "without_weight": nothing},
        description=f"{rows - nothing} of {rows} items have a weight",
    )
