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
    weighted = _weigh(home)
    lines = [
        {
            "row": entry.item.row,
            "weight": entry.weight,
            "reasons": [f"{reason.factor}: {reason.value}" for reason in entry.reasons],
        }
        for entry in weighted
    ]
    weights = pl.DataFrame(lines, schema=MIXTURE_SCHEMA)
    write_stage(home, MIXTURE, read_stage(home, UNIQUE).join(weights, on="row").sort("row"))
    return len(lines)


def weighted_items(home: Home) -> list[Weighted]:
    """The weighted items of the stage ``mixture``, sorted by row."""
    frame = read_stage(home, MIXTURE)
    weights = frame["weight"].to_list()
    return [Weighted(item, weight, ()) for item, weight in zip(items_of(frame), weights, strict=True)]


def _weigh(home: Home) -> list[Weighted]:
    recipe = Recipe.from_content(recipe_in_force(home.roles()))
    return weigh(items_of(read_stage(home, UNIQUE)), recipe)
