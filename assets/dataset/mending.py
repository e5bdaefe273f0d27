"""Mend the stages of a build after consents changed while it ran, so that no stream of changes can starve it.

Only members of the build that were touched since it began are asked for again. What the gate no longer admits is
left out, and what is narrower now is used as it stands; their cohorts, and no others, are computed once more. An
item for which nothing was dropped goes without its cohort's texts being read again: nothing else depends on it.
Contributions that came meanwhile wait for the next build. The result is, byte for byte, that of a build which
began after the changes and knew the same contributions.
"""

from dataclasses import replace
from typing import Any

import polars as pl

from assets.corpus.uniqueness import DUPLICATES_SCHEMA, unique_lines
from assets.intake.eligibility import REFUSED_SCHEMA, stage_line, wanted_of
from assets.mixture.weighing import weighed_frame
from assets.stages import (
    DUPLICATES,
    ELIGIBLE,
    ITEM_SCHEMA,
    MIXTURE,
    REFUSED,
    UNIQUE,
    read_basis,
    read_stage,
    write_basis,
    write_stage,
)  # fmt: skip
from consent.survey import survey_one
from corpus.recipe import Recipe
from substrate.record.authority import recipe_in_force
from substrate.store.home import Home


def mend(home: Home) -> int:
    """Bring the stages to what the ledger says now of their members; returns how many changed."""
    basis, roles = read_basis(home), home.roles()
    mark, touched = home.ledger.high_water(), home.ledger.touched_since(basis.high_water)
    if not touched:
        return 0
    eligible = read_stage(home, ELIGIBLE)
    members = eligible.filter(pl.col("contribution").is_in(list(touched)))
    recipe = Recipe.from_content(recipe_in_force(roles))
    left: list[str] = []
    fresh: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    for line in members.iter_rows(named=True):
        verdict = survey_one(home, roles, line["contribution"], basis.as_of)
        if verdict is not None and verdict.purposes:
            now = stage_line(home, verdict, recipe)
            if now == line:
                continue
            fresh.append(now)
        else:
            reason = verdict.reason if verdict else "no-authority"
            refused.append({"contribution": line["contribution"], "row": line["row"], "reason": reason})
        left.append(line["contribution"])
    if left:
        gone = pl.col("contribution").is_in(left)
        new = pl.DataFrame(fresh, schema=ITEM_SCHEMA)
        _compute_again(home, eligible.filter(gone), new, eligible.filter(~gone), recipe)
        out = pl.DataFrame(refused, schema=REFUSED_SCHEMA)
        write_stage(home, REFUSED, pl.concat([read_stage(home, REFUSED), out]).sort("contribution"))
        after = read_stage(home, ELIGIBLE)
        basis = replace(
            basis, wanted=wanted_of(after, basis.recipe, basis.policy), refused=basis.refused + len(refused)
        )
    write_basis(home, replace(basis, high_water=mark))
    return len(left)


def _compute_again(home: Home, left: pl.DataFrame, new: pl.DataFrame, rest: pl.DataFrame, recipe: Recipe) -> None:
    unique, duplicates = read_stage(home, UNIQUE), read_stage(home, DUPLICATES)
    eligible = pl.concat([rest, new]).sort("row")
    # Cohorts whose texts must be compared again: something was dropped for an item that left, or one is narrower.
    missed = left.filter(pl.col("row").is_in(duplicates["of"].to_list()))
    compared = set(missed["cohort"].to_list()) | set(new["cohort"].to_list()) - {None}
    again = pl.col("cohort").is_in(list(compared)).fill_null(value=False)
    kept, dropped = unique_lines(home, eligible.filter(again), recipe)
    in_compared = pl.concat([eligible, left]).filter(again)["contribution"].to_list()
    stays = eligible.filter(~again & pl.col("row").is_in([*unique["row"].to_list(), *new["row"].to_list()]))
    unique_now = pl.concat([stays, eligible.filter(pl.col("row").is_in(kept) & again)]).sort("row")
    gone = [*in_compared, *left["contribution"].to_list()]
    old = duplicates.filter(~pl.col("contribution").is_in(gone))
    duplicates_now = pl.concat([old, pl.DataFrame(dropped, schema=DUPLICATES_SCHEMA)]).sort("row")
    write_stage(home, ELIGIBLE, eligible)
    write_stage(home, UNIQUE, unique_now)
    write_stage(home, DUPLICATES, duplicates_now)
    write_stage(home, MIXTURE, _weighed(home, unique_now, pl.concat([left, new]), recipe))


def _weighed(home: Home, unique: pl.DataFrame, changed: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """Weights depend on the cohort alone: those of other cohorts stay."""
    cohorts = list({cohort for cohort in changed["cohort"].to_list() if cohort is not None})
    touched = pl.col("cohort").is_in(cohorts).fill_null(value=False)
    rows = unique.filter(~touched)["row"].to_list()
    before = read_stage(home, MIXTURE)
    other = ~pl.col("contribution").is_in(changed["contribution"].to_list())
    kept = before.filter(~touched & other & pl.col("row").is_in(rows))
    missing = unique.filter(~touched & ~pl.col("row").is_in(kept["row"].to_list()))
    return pl.concat([kept, weighed_frame(pl.concat([unique.filter(touched), missing]), recipe)]).sort("row")
