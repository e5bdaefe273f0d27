"""Weigh what is unique, and keep the reasons beside the weights."""

from assets.stages import MIXTURE, UNIQUE, items_of, read_stage, write_stage
from corpus.mixture import Weighted, weigh
from corpus.recipe import Recipe
from substrate.record.authority import recipe_in_force
from substrate.store.home import Home

import polars as pl  # isort: skip

MIXTURE_SCHEMA = pl.Schema({"row": pl.String(), "weight": pl.Int64(), "reasons": pl.List(pl.String())})


def weigh_unique(home: Home) -> int:
    """Write the stage ``mixture``; returns the number of weighted items."""
    frame = weighed_frame(read_stage(home, UNIQUE), Recipe.from_content(recipe_in_force(home.roles())))
    write_stage(home, MIXTURE, frame.sort("row"))
    return frame.height


def weighed_frame(unique: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """The lines of ``unique`` (whole cohorts) with their weights and reasons."""
    weighted = weigh(items_of(unique), recipe)
    lines = [
        {
            "row": entry.item.row,
            "weight": entry.weight,
            "reasons": [f"{reason.factor}: {reason.value}" for reason in entry.reasons],
        }
        for entry in weighted
    ]
    return unique.join(pl.DataFrame(lines, schema=MIXTURE_SCHEMA), on="row")


def weighted_items(home: Home) -> list[Weighted]:
    """The weighted items of the stage ``mixture``, sorted by row."""
    frame = read_stage(home, MIXTURE)
    weights = frame["weight"].to_list()
    return [Weighted(item, weight, ()) for item, weight in zip(items_of(frame), weights, strict=True)]
