"""Drop near-duplicates, cohort by cohort, so that only one cohort's texts are in memory."""

import polars as pl

from assets.stages import DUPLICATES, ELIGIBLE, UNIQUE, items_of, read_stage, write_stage
from corpus.near_duplicates import Unique, unique
from corpus.recipe import Recipe
from substrate.record.authority import recipe_in_force
from substrate.store.home import Home

DUPLICATES_SCHEMA = pl.Schema(
    {"contribution": pl.String(), "row": pl.String(), "of": pl.String(), "jaccard": pl.String()}
)


def keep_unique(home: Home) -> tuple[int, int]:
    """Write the stages ``unique`` and ``duplicates``; returns how many were kept and dropped."""
    recipe = Recipe.from_content(recipe_in_force(home.roles()))
    eligible = read_stage(home, ELIGIBLE)
    kept, dropped = unique_lines(home, eligible, recipe)
    write_stage(home, UNIQUE, eligible.filter(pl.col("row").is_in(kept)))
    write_stage(home, DUPLICATES, pl.DataFrame(dropped, schema=DUPLICATES_SCHEMA).sort("row"))
    return len(kept), len(dropped)


def unique_lines(home: Home, eligible: pl.DataFrame, recipe: Recipe) -> tuple[list[str], list[dict[str, str]]]:
    """Rows that stay, and a line for each that does not."""
    kept: list[str] = []
    dropped: list[dict[str, str]] = []
    for _, cohort in eligible.group_by("cohort", maintain_order=True):
        found = _unique_of(home, cohort, recipe)
        kept += [item.row for item in found.kept]
        dropped += [
            {"contribution": d.item.contribution, "row": d.item.row, "of": d.of, "jaccard": d.jaccard}
            for d in found.dropped
        ]
    return kept, dropped


def _unique_of(home: Home, cohort: pl.DataFrame, recipe: Recipe) -> Unique:
    """One cohort's kept and dropped items. Federated texts are not looked at: each is kept."""
    pairs = []
    for item in items_of(cohort):
        text = "" if item.cohort is None else home.vault.get(item.contribution).text.decode("utf-8")
        pairs.append((item, text))
    return unique(pairs, recipe)
