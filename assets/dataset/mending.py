"""Mend the stages of a build after consents changed while it ran, so that no stream of changes can starve it.

Only members of the build that were touched since it began are asked for again. What the gate no longer admits is
left out, and what is narrower now is used as it stands; their cohorts, and no others, are computed once more, from
comparisons that are kept. Contributions that came meanwhile wait for the next build. The result is, byte for byte,
that of a build which began after the changes and knew the same contributions.
"""

from dataclasses import replace

import polars as pl

from assets.corpus.uniqueness import keep_unique, unique_law
from assets.intake.eligibility import survey_members
from assets.intake.surveyed import law_of_home, read_survey
from assets.mixture.weighing import mixture_law, weigh_unique
from assets.seals import standing_marks
from assets.stages import ELIGIBLE, MIXTURE, UNIQUE, Basis, StageGone, cohorts_in, read_basis, scan_stage
from corpus.errors import CorpusError
from corpus.recipe import Recipe
from substrate.record.authority import recipe_in_force
from substrate.store.home import Home


class StartOver(CorpusError):
    """Something the build stands on changed before it could be published: build again."""


def mend(home: Home) -> int:
    """Bring the stages to what the ledger says now of their members; returns how many were asked for again.

    Raises:
        StartOver: what decides about all contributions changed. StageGone: a stage is missing.
    """
    basis = read_basis(home)
    check_law(home, basis)
    # The mark is taken first: what arrives after the question was asked is then asked for by the next round.
    mark = home.ledger.high_water()
    touched = sorted(home.ledger.touched_since(basis.high_water))
    if not touched:
        return 0
    found = scan_stage(home, ELIGIBLE).filter(pl.col("contribution").is_in(touched)).select("contribution").collect()
    members = set(found["contribution"].to_list())
    survey_members(home, replace(basis, high_water=mark), members)
    if members:
        keep_unique(home)
        weigh_unique(home)
    return len(members)


def check_law(home: Home, basis: Basis) -> None:
    """Raise `StartOver` when roles, policy or recipe are not those of the build."""
    if law_of_home(home, home.roles(basis.as_of)) != basis.law:
        raise StartOver("roles, policy or recipe changed while the build ran: build again")


def check_whole(home: Home, basis: Basis) -> None:
    """Every file of every stage is what was written, from what the survey of ``basis`` wrote.

    Raises:
        StageGone: a file is missing or another one: an erasure came, or something else changed it.
    """
    survey, recipe = read_survey(home), Recipe.from_content(recipe_in_force(home.roles(basis.as_of)))
    whole = survey is not None and survey.wanted == basis.wanted
    for name, before, law in ((UNIQUE, ELIGIBLE, unique_law(recipe)), (MIXTURE, UNIQUE, mixture_law(recipe))):
        here = cohorts_in(home, before)
        whole = whole and set(standing_marks(home, name, before, law)) == set(here) >= set(cohorts_in(home, name))
    if not whole:
        raise StageGone("a stage is missing or was changed: run `lecs dataset build` again")
