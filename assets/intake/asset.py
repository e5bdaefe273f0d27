"""The asset ``eligible``: what the gate lets in."""

import dagster as dg

from assets.columns import column_schema
from assets.intake.eligibility import survey_home
from assets.plots import bars, counts_table
from assets.stages import ELIGIBLE, REFUSED, SCHEMAS, height_of, scan_stage
from assets.workspace import Workspace, now


class Survey(dg.Config):
    """``as_of`` decides expiry and hold; empty means now. ``afresh``: use nothing of earlier builds."""

    as_of: str = ""
    afresh: bool = False


@dg.asset(
    group_name="intake", kinds={"polars", "parquet"}, code_version="1", owners=["team:curators"],
)  # fmt: skip
def eligible(config: Survey, workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Contributions that the gate admits for training or evaluation now; the others are kept with a reason."""
    with workspace.open() as home:
        basis = survey_home(home, config.as_of or now(), afresh=config.afresh)
        frame, refused = scan_stage(home, ELIGIBLE), scan_stage(home, REFUSED)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(basis.wanted),
            metadata={
                "dagster/row_count": height_of(home, ELIGIBLE),
                "as_of": basis.as_of,
                "refused": basis.refused,
                "languages": dg.MetadataValue.md(bars(frame, "language")),
                "tiers": dg.MetadataValue.md(bars(frame, "tier")),
                "refused_by_reason": dg.MetadataValue.md(counts_table(refused, "reason")),
                "dagster/column_schema": column_schema(SCHEMAS[ELIGIBLE]),
            },
        )
