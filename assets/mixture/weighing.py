"""Weigh what is unique, cohort by cohort, and keep the reasons beside the weights."""

import polars as pl

from assets.seals import mark_of, standing_marks, write_marks
from assets.stages import (
    MIXTURE,
    SCHEMAS,
    UNIQUE,
    cohorts_in,
    height_of,
    items_of,
    read_basis,
    read_part,
    read_stage,
    stage_path,
    write_part,
)
from corpus.mixture import FEDERATED_WEIGHT, Class, Reason, Weighted, weigh_classes
from corpus.recipe import Recipe
from corpus.version import STEPS
from substrate.record.authority import recipe_in_force
from substrate.store.home import Home

_CLASS = list(Class._fields)


def weigh_unique(home: Home) -> int:
    """Write the stage ``mixture``; returns the number of weighted items."""
    recipe = Recipe.from_content(recipe_in_force(home.roles(read_basis(home).as_of)))
    here, law = cohorts_in(home, UNIQUE), mixture_law(recipe)
    stage_path(home, MIXTURE).mkdir(parents=True, exist_ok=True)
    for cohort in set(cohorts_in(home, MIXTURE)) - set(here):
        write_part(home, MIXTURE, cohort, pl.DataFrame(schema=SCHEMAS[MIXTURE]))
    marks = standing_marks(home, MIXTURE, UNIQUE, law)
    write_marks(home, MIXTURE, marks)
    for cohort in here:
        if cohort not in marks:
            write_part(home, MIXTURE, cohort, _weighed(read_part(home, UNIQUE, cohort), cohort < 0, recipe))
            marks[cohort] = mark_of(home, cohort, UNIQUE, law, MIXTURE)
    write_marks(home, MIXTURE, marks)
    return height_of(home, MIXTURE)


def mixture_law(recipe: Recipe) -> str:
    """What decides besides the items."""
    return f"{recipe.identity} {STEPS['mixture']}"


def weighted_items(home: Home) -> list[Weighted]:
    """The weighted items of the whole stage ``mixture``, sorted by row: for homes that fit into memory."""
    frame = read_stage(home, MIXTURE)
    weights = frame["weight"].to_list()
    return [Weighted(item, weight, ()) for item, weight in zip(items_of(frame), weights, strict=True)]


def _weighed(frame: pl.DataFrame, federated: bool, recipe: Recipe) -> pl.DataFrame:
    """The lines of one cohort with weight and reasons, which follow from the class of a line alone."""
    if federated:
        weight, reasons = FEDERATED_WEIGHT
        return frame.with_columns(weight=pl.lit(weight, pl.Int64), reasons=pl.lit(_written(reasons)))
    counts = {Class(*line[:4]): line[4] for line in frame.group_by(_CLASS).len().iter_rows()}
    weights = [(*kind, weight, _written(why)) for kind, (weight, why) in weigh_classes(counts, recipe).items()]
    schema = {**{name: SCHEMAS[UNIQUE][name] for name in _CLASS}, "weight": pl.Int64(), "reasons": pl.List(pl.String())}
    found = pl.DataFrame(weights, schema=schema, orient="row")
    return frame.join(found, on=_CLASS, how="left").select(SCHEMAS[MIXTURE].names()).sort("row")


def _written(reasons: tuple[Reason, ...]) -> list[str]:
    return [f"{reason.factor}: {reason.value}" for reason in reasons]
