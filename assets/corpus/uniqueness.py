"""Drop near-duplicates, cohort by cohort; a cohort whose items are those of last time is left as it is."""

import polars as pl

from assets.corpus.comparing import Compared
from assets.seals import mark_of, part_hash, read_marks, standing_marks, write_marks
from assets.stages import (
    COMPARED,
    DUPLICATES,
    ELIGIBLE,
    SCHEMAS,
    UNIQUE,
    cohorts_in,
    height_of,
    read_basis,
    read_part,
    stage_path,
    write_part,
)
from corpus.near_duplicates import settle, written_jaccard
from corpus.recipe import Recipe
from corpus.version import STEPS
from substrate.record.authority import recipe_in_force
from substrate.store.home import Home

_SEPARATOR = "\x01"


def keep_unique(home: Home) -> tuple[int, int]:
    """Write the stages ``unique`` and ``duplicates``; returns how many were kept and dropped."""
    recipe = Recipe.from_content(recipe_in_force(home.roles(read_basis(home).as_of)))
    here, before = cohorts_in(home, ELIGIBLE), read_marks(home, UNIQUE)
    law = unique_law(recipe)
    for name in (UNIQUE, DUPLICATES, COMPARED):
        stage_path(home, name).mkdir(parents=True, exist_ok=True)
        for cohort in set(cohorts_in(home, name)) - set(here):
            write_part(home, name, cohort, pl.DataFrame(schema=SCHEMAS[name]))
    marks = standing_marks(home, UNIQUE, ELIGIBLE, law)
    write_marks(home, UNIQUE, marks)
    for cohort in here:
        if cohort not in marks:
            mark = before.get(cohort)
            known = mark is not None and mark.law == law and mark.files[COMPARED] == part_hash(home, COMPARED, cohort)
            _settle_cohort(home, cohort, recipe, known=known)
            marks[cohort] = mark_of(home, cohort, ELIGIBLE, law, UNIQUE, DUPLICATES, COMPARED)
    write_marks(home, UNIQUE, marks)
    return height_of(home, UNIQUE), height_of(home, DUPLICATES)


def unique_law(recipe: Recipe) -> str:
    """What decides besides the items."""
    return f"{recipe.identity} {STEPS['unique']}"


def _settle_cohort(home: Home, cohort: int, recipe: Recipe, *, known: bool) -> None:
    """Write one cohort of the stages. Federated texts are not looked at: each is kept.

    ``known``: the comparisons that were kept may be used; they hold for texts and recipe, whoever else is there.
    """
    frame = _in_canonical_order(read_part(home, ELIGIBLE, cohort))
    compared = Compared(home, cohort, frame, recipe.near_duplicates.ngram, known=known)
    if cohort < 0:
        likes = {}
    else:
        joined = frame.select(pl.col("purposes").list.join(_SEPARATOR)).to_series().to_list()
        sets = {written: frozenset(written.split(_SEPARATOR)) for written in set(joined)}
        purposes = [sets[written] for written in joined]
        likes = settle(purposes, frame["keys"].to_list(), compared, recipe.near_duplicates.threshold)
    others = frame["row"].gather([other for other, _ in likes.values()])
    alike = pl.Series([written_jaccard(jaccard) for _, jaccard in likes.values()], dtype=pl.String)
    gone = frame[list(likes)].select("contribution", "row", of=others, jaccard=alike)
    kept = frame.with_row_index().filter(~pl.col("index").is_in(list(likes)))
    write_part(home, UNIQUE, cohort, kept.select(SCHEMAS[UNIQUE].names()).sort("row"))
    write_part(home, DUPLICATES, cohort, gone.sort("row"))
    write_part(home, COMPARED, cohort, compared.used())


def _in_canonical_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Sorted as `corpus.items.canonical_key` and then the row sort (a test compares them)."""
    joined = pl.col("purposes").list.join(_SEPARATOR)
    return frame.sort("order", "tier", joined, "language", "domain", "quality", "contributor", "row")
