"""What changed from one dataset version to another."""

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

_ENTRY: Final = ("row", "contribution", "cohort", "tier", "purposes", "weight", "language", "domain")


@dataclass(frozen=True, slots=True)
class Difference:
    """Lists sorted by row.

    ``added`` and ``removed`` hold manifest lines; ``reweighted`` holds {row, contribution, before, after} for
    items of both versions whose weight differs; ``changed`` holds {row, contribution, before, after} where
    tier, purposes or cohort differ (a narrowed consent keeps its row), each as {cohort, tier, purposes}.
    ``superseded`` says why a row is among ``removed`` and another of the same contribution among ``added``: more was
    redacted in the text. It holds {contribution, row_before, row_after}, sorted by contribution.
    """

    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    reweighted: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    superseded: list[dict[str, Any]]


def diff(a: pl.DataFrame, b: pl.DataFrame) -> Difference:
    """From manifest ``a`` to manifest ``b``."""
    both = a.join(b, on="row", how="inner", suffix="_after").sort("row")
    return Difference(
        added=_only(b, a),
        removed=_only(a, b),
        reweighted=both.filter(pl.col("weight") != pl.col("weight_after"))
        .select("row", "contribution", before="weight", after="weight_after")
        .to_dicts(),
        changed=both.filter(_differs())
        .select(
            "row",
            "contribution",
            before=pl.struct("cohort", "tier", "purposes"),
            after=pl.struct(cohort="cohort_after", tier="tier_after", purposes="purposes_after"),
        )
        .to_dicts(),
        superseded=a.join(b, on="contribution", how="inner", suffix="_after")
        .filter(pl.col("row") != pl.col("row_after"))
        .select("contribution", row_before="row", row_after="row_after")
        .sort("contribution")
        .to_dicts(),
    )


def count_changes(a: pl.DataFrame, b: pl.DataFrame) -> dict[str, int]:
    """How many entries `diff` would list of each kind, but without making them: for versions of any size."""
    both = a.lazy().join(b.lazy(), on="row", how="inner", suffix="_after")
    reweighted, changed = both.select(
        (pl.col("weight") != pl.col("weight_after")).sum().alias("reweighted"), _differs().sum().alias("changed")
    ).collect().row(0)  # fmt: skip
    return {
        "added": b.join(a, on="row", how="anti").height,
        "removed": a.join(b, on="row", how="anti").height,
        "changed": int(changed),
        "reweighted": int(reweighted),
    }


def _differs() -> pl.Expr:
    return pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in ("cohort", "tier", "purposes")
    )


def _only(frame: pl.DataFrame, other: pl.DataFrame) -> list[dict[str, Any]]:
    return frame.join(other, on="row", how="anti").select(_ENTRY).sort("row").to_dicts()
