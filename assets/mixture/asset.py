"""The asset ``mixture`` and its check: the gate holds for every row."""

import dagster as dg

from assets.columns import column_schema
from assets.corpus.asset import unique
from assets.intake.eligibility import refused_rows
from assets.mixture.plots import before_and_after
from assets.mixture.weighing import weigh_unique
from assets.plots import bars
from assets.stages import MIXTURE, read_basis, read_stage
from assets.workspace import Workspace


@dg.asset(
    deps=[unique], group_name="mixture", kinds={"polars", "parquet"}, code_version="1",
    owners=["team:curators"],
)  # fmt: skip
def mixture(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """How often each text is used: relative whole numbers, the mean of a cohort is 1,000,000."""
    with workspace.open() as home:
        items = weigh_unique(home)
        frame = read_stage(home, MIXTURE)
    weights = frame["weight"]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": items,
            "dagster/column_schema": column_schema(frame),
            "least": int(weights.min() or 0),  # type: ignore[arg-type]
            "most": int(weights.max() or 0),  # type: ignore[arg-type]
            "before_and_after": dg.MetadataValue.md(before_and_after(frame)),
            "domains": dg.MetadataValue.md(bars(frame, "domain")),
            "cohorts": dg.MetadataValue.md(bars(frame, "cohort")),
        },
    )


@dg.asset_check(asset=mixture, blocking=True)
def gate_holds(workspace: Workspace) -> dg.AssetCheckResult:
    """The gate says yes, once more, to every row that would enter the version."""
    with workspace.open() as home:
        frame = read_stage(home, MIXTURE)
        basis = read_basis(home)
        refused = refused_rows(home, frame, basis.as_of)
        # What changed while the build ran is asked for once more, and left out, when the version is published.
        touched = home.ledger.touched_since(basis.high_water)
        refused = [one for one in refused if one["contribution"] not in touched]
    return dg.AssetCheckResult(
        passed=not refused,
        metadata={"checked": frame.height, "refused": dg.MetadataValue.json(refused[:50])},
        description=f"{frame.height - len(refused)} of {frame.height} rows admitted",
    )
