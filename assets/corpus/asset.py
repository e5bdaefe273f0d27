"""The asset ``unique`` and its check: every commitment holds."""

import dagster as dg

from assets.columns import column_schema
from assets.corpus.uniqueness import keep_unique
from assets.intake.asset import eligible
from assets.plots import counts_table
from assets.stages import DUPLICATES, UNIQUE, read_stage
from assets.workspace import Workspace
from substrate.store.errors import HomeError, NotFound


@dg.asset(
    deps=[eligible], group_name="corpus", kinds={"polars", "parquet"}, code_version="1",
    owners=["team:curators"],
)  # fmt: skip
def unique(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One of each text within its cohort; near-duplicates are dropped only for one that stays."""
    with workspace.open() as home:
        kept, dropped = keep_unique(home)
        duplicates, frame = read_stage(home, DUPLICATES), read_stage(home, UNIQUE)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": kept,
            "dropped": dropped,
            "dagster/column_schema": column_schema(frame),
            "dropped_for": dg.MetadataValue.md(counts_table(duplicates, "jaccard")),
        },
    )


@dg.asset_check(asset=unique, blocking=True)
def commitments_hold(workspace: Workspace) -> dg.AssetCheckResult:
    """Every text that is here is, byte for byte, the one its contributor signed over."""
    problems: list[str] = []
    checked = 0
    with workspace.open() as home:
        here = home.vault.contributions()
        for contribution, row in read_stage(home, UNIQUE).select("contribution", "row").iter_rows():
            if contribution not in here:
                continue
            checked += 1
            try:
                if home.vault.get(contribution).row != row:
                    problems.append(f"vault: the row of {contribution} is not the one in the ledger")
            except NotFound:
                continue  # Erased since; the version is published without it.
            except HomeError as error:
                problems.append(str(error))
    return dg.AssetCheckResult(
        passed=not problems,
        metadata={"checked": checked, "problems": dg.MetadataValue.json(problems[:50])},
        description="; ".join(problems[:3]) or f"{checked} commitments hold",
    )
