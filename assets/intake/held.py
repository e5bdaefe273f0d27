"""The asset ``held``: texts that wait for a person. Counts, reasons and days; never a text."""

import datetime as dt
import hashlib

import dagster as dg
import polars as pl

from assets.columns import column_schema
from assets.intake.asset import eligible
from assets.plots import bars, table_of
from assets.workspace import Workspace, now
from consent.held import Held, held_texts
from substrate.record.canonical import canonical_bytes
from substrate.store.home import Home

#: Days before a held text is erased at which somebody should know.
LATE_DAYS = 14
LISTED = 200
SCHEMA = pl.Schema(
    {"contribution": pl.String(), "reason": pl.String(), "language": pl.String(), "expires": pl.String()}
)


@dg.asset(
    deps=[eligible], group_name="intake", kinds={"python"}, code_version="1", owners=["team:curators"],
)  # fmt: skip
def held(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Texts that nobody may use before a second key has looked at them, and when each is erased if nobody does."""
    with workspace.open() as home:
        frame = waiting_texts(home)
    lines = frame.sort("expires", "contribution")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(hashlib.sha256(canonical_bytes({"held": lines.rows()})).hexdigest()),
        metadata={
            "dagster/row_count": frame.height,
            "by_reason": dg.MetadataValue.md(bars(frame, "reason")),
            "by_language": dg.MetadataValue.md(bars(frame, "language")),
            "waiting": dg.MetadataValue.md(f"{table_of(lines.head(LISTED))}\n\nLook at one: `lecs held show ID`"),
            "dagster/column_schema": column_schema(SCHEMA),
        },
    )


@dg.asset_check(asset=held)
def nobody_is_forgotten(workspace: Workspace) -> dg.AssetCheckResult:
    """No held text is erased within two weeks without anybody having looked at it."""
    with workspace.open() as home:
        frame = waiting_texts(home)
    limit = (dt.datetime.fromisoformat(now()) + dt.timedelta(days=LATE_DAYS)).strftime("%Y-%m-%d")
    late = frame.filter(pl.col("expires").str.head(10) <= limit)
    return dg.AssetCheckResult(
        passed=late.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"waiting": frame.height, "late": late.height},
        description=f"{late.height} of {frame.height} held texts are erased before {limit} unless somebody reads them",
    )


def waiting_texts(home: Home) -> pl.DataFrame:
    """One line per held text, in the columns of `SCHEMA`."""
    return pl.DataFrame([_line(one) for one in held_texts(home)], schema=SCHEMA)


def _line(one: Held) -> dict[str, str]:
    return {"contribution": one.contribution, "reason": one.reason, "language": one.language, "expires": one.expires}
