"""What a recipe would make of what the gate admits now. Nothing is written."""

import polars as pl

from assets.corpus.uniqueness import unique_lines
from assets.intake.eligibility import stage_line
from assets.mixture.weighing import weighed_frame
from assets.stages import ITEM_SCHEMA, items_of
from consent.survey import survey
from corpus.mixture import Weighted
from corpus.mixture_preview import Mixed, mixed
from corpus.recipe import Recipe
from substrate.record.authority import recipe_in_force
from substrate.store.home import Home


def preview(home: Home, candidate: Recipe, as_of: str) -> tuple[Mixed, Mixed]:
    """The mixture under the recipe in force and under ``candidate``, both of what is eligible at ``as_of``."""
    current = Recipe.from_content(recipe_in_force(home.roles()))
    return tuple(_mixed(home, recipe, as_of) for recipe in (current, candidate))  # type: ignore[return-value]


def _mixed(home: Home, recipe: Recipe, as_of: str) -> Mixed:
    """The order of items depends on the recipe's seed, so every line is made anew for each recipe."""
    lines = [stage_line(home, one, recipe) for one in survey(home, as_of) if one.purposes]
    eligible = pl.DataFrame(lines, schema=ITEM_SCHEMA).sort("row")
    kept, dropped = unique_lines(home, eligible, recipe)
    frame = weighed_frame(eligible.filter(pl.col("row").is_in(kept)), recipe)
    weighted = [Weighted(i, w, ()) for i, w in zip(items_of(frame), frame["weight"].to_list(), strict=True)]
    return mixed(recipe.identity, weighted, len(dropped))
