"""The asset ``refused``: whom the gate did not let in, and why. Ids and reasons only."""

import dagster as dg
import polars as pl

from assets.columns import column_schema
from assets.intake.asset import eligible
from assets.lineage import column_lineage
from assets.plots import bars, table_of
from assets.seals import stage_digest
from assets.stages import REFUSED, SCHEMAS, height_of, part_path, scan_stage
from assets.workspace import Workspace
from consent.gate import RULES

#: Refusals listed for one reason: a page that lists more opens slowly. The command line lists all.
LISTED = 200
#: The survey's own reason beside those of the gate.
TEXT_NOT_HERE = "text-not-here"
_SENTENCES = {**RULES, TEXT_NOT_HERE: "The text is not in this home."}


@dg.asset(
    deps=[eligible], group_name="intake", kinds={"polars", "parquet"}, code_version="1", owners=["team:curators"],
)  # fmt: skip
def refused(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Contributions that stay out, each with the first reason of the gate that applies. Nothing vanishes unsaid."""
    with workspace.open() as home:
        frame = scan_stage(home, REFUSED)
        reasons = reasons_of(frame)
        listed = {f"refused: {reason}": _listed(frame, reason, number) for reason, number in reasons}
        return dg.MaterializeResult(
            data_version=dg.DataVersion(stage_digest(home, REFUSED)),
            metadata={
                "dagster/row_count": height_of(home, REFUSED),
                "by_reason": dg.MetadataValue.md(f"{_table(reasons)}\n\n{bars(frame, 'reason')}"),
                **listed,
                "folder": dg.MetadataValue.path(str(part_path(home, REFUSED, 0).parent)),
                "dagster/column_schema": column_schema(SCHEMAS[REFUSED]),
                "dagster/column_lineage": column_lineage(
                    ["contribution", "row", "cohort", "expires", "hold_until"], "eligible", SCHEMAS[REFUSED].names()
                ),
            },
        )


@dg.asset_check(asset=refused)
def reasons_are_published(workspace: Workspace) -> dg.AssetCheckResult:
    """Every reason stands in the published truth table of the gate."""
    with workspace.open() as home:
        reasons = reasons_of(scan_stage(home, REFUSED))
    unknown = [reason for reason, _ in reasons if reason not in _SENTENCES]
    return dg.AssetCheckResult(
        passed=not unknown,
        metadata={"reasons": len(reasons), "unknown": dg.MetadataValue.json(unknown)},
        description=", ".join(unknown) or f"{len(reasons)} reasons, all of them published",
    )


def reasons_of(frame: pl.LazyFrame) -> list[tuple[str, int]]:
    """(reason, how many), the most frequent first."""
    counts = frame.group_by("reason").len().sort(["len", "reason"], descending=[True, False]).collect()
    return [(str(reason), int(number)) for reason, number in counts.iter_rows()]


def _table(reasons: list[tuple[str, int]]) -> str:
    lines = ["| reason | contributions | what it means |", "|---|---:|---|"]
    return "\n".join(lines + [f"| {r} | {number} | {_SENTENCES.get(r, '')} |" for r, number in reasons])


def _listed(frame: pl.LazyFrame, reason: str, number: int) -> dg.MarkdownMetadataValue:
    """The refusals of one reason, as many as a page shows at once."""
    found = frame.filter(pl.col("reason") == reason).select("contribution", "expires", "hold_until")
    rows = found.sort("contribution").head(LISTED).collect()
    told = rows.select("contribution", *(name for name in rows.columns[1:] if rows[name].null_count() < rows.height))
    more = f"\n\n{number - LISTED} more: `lecs dataset refused --reason {reason}`" if number > LISTED else ""
    return dg.MetadataValue.md(f"{_SENTENCES.get(reason, reason)}\n\n{table_of(told)}{more}")
