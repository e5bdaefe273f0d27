"""The asset ``eligible``: what the gate lets in."""

import dagster as dg
import polars as pl

from assets.columns import column_schema
from assets.intake.eligibility import survey_home
from assets.intake.ledger import from_consent, ledger
from assets.intake.surveyed import VERDICTS
from assets.plots import bars
from assets.stages import ELIGIBLE, REFUSED, SCHEMAS, height_of, scan_stage
from assets.workspace import Workspace, now


class Survey(dg.Config):
    """``as_of`` decides expiry and hold; empty means now. ``afresh``: use nothing of earlier builds."""

    as_of: str = ""
    afresh: bool = False


@dg.asset(
    deps=[ledger], group_name="intake", kinds={"polars", "parquet"}, code_version=VERDICTS, owners=["team:curators"],
)  # fmt: skip
def eligible(config: Survey, workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Contributions that the gate admits for training or evaluation now; the others are in `refused`."""
    with workspace.open() as home:
        basis = survey_home(home, config.as_of or now(), afresh=config.afresh)
        frame = scan_stage(home, ELIGIBLE)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(basis.wanted),
            metadata={
                "dagster/row_count": height_of(home, ELIGIBLE),
                "as_of": basis.as_of,
                "refused": basis.refused,
                "languages": dg.MetadataValue.md(bars(frame, "language")),
                "tiers": dg.MetadataValue.md(bars(frame, "tier")),
                "dagster/column_schema": column_schema(SCHEMAS[ELIGIBLE]),
                "dagster/column_lineage": from_consent(SCHEMAS[ELIGIBLE]),
            },
        )


@dg.asset_check(asset=eligible, blocking=True)
def nobody_is_judged_twice(workspace: Workspace) -> dg.AssetCheckResult:
    """No contribution was both admitted and refused, and none occurs twice."""
    with workspace.open() as home:
        names = [scan_stage(home, name).select("contribution") for name in (ELIGIBLE, REFUSED)]
        judged, different = pl.concat(names).select(
            judged=pl.len(), different=pl.col("contribution").n_unique()
        ).collect().row(0)  # fmt: skip
    return dg.AssetCheckResult(
        passed=judged == different,
        metadata={"judged": judged, "different": different},
        description=f"{judged} verdicts about {different} contributions",
    )
