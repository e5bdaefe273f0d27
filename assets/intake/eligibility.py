"""Ask the gate for every contribution, and name what a version should be made of."""

import hashlib
from collections.abc import Iterable
from typing import Any

import polars as pl

from assets.stages import ELIGIBLE, ITEM_SCHEMA, REFUSED, Basis, write_basis, write_stage
from consent.survey import Surveyed, grouping_reference, survey, survey_one
from corpus.items import order_of
from corpus.recipe import Recipe
from corpus.version import FORMAT, STEPS
from substrate.record.authority import policy_in_force, recipe_in_force
from substrate.record.canonical import canonical_bytes, digest
from substrate.record.merkle import tree_root
from substrate.store.home import Home

REFUSED_SCHEMA = pl.Schema({"contribution": pl.String(), "row": pl.String(), "reason": pl.String()})


def survey_home(home: Home, as_of: str) -> Basis:
    """Write the stages ``eligible`` and ``refused``; returns what the build is based on."""
    high_water = home.ledger.high_water()
    roles = home.roles()
    recipe = Recipe.from_content(recipe_in_force(roles))
    verdicts = list(survey(home, as_of))
    eligible = [stage_line(home, one, recipe) for one in verdicts if one.purposes]
    refused = [
        {"contribution": one.state.contribution, "row": one.state.row, "reason": one.reason}
        for one in verdicts
        if not one.purposes
    ]
    basis = Basis(
        as_of=as_of,
        high_water=high_water,
        wanted=wanted_digest(verdicts, recipe.identity, digest(policy_in_force(roles))),
        recipe=recipe.identity,
        policy=digest(policy_in_force(roles)),
        refused=len(refused),
    )
    write_stage(home, ELIGIBLE, pl.DataFrame(eligible, schema=ITEM_SCHEMA).sort("row"))
    write_stage(home, REFUSED, pl.DataFrame(refused, schema=REFUSED_SCHEMA).sort("contribution"))
    write_basis(home, basis)
    return basis


def wanted_now(home: Home, as_of: str) -> str:
    """The digest of what a version should be made of at ``as_of``, without writing anything."""
    roles = home.roles()
    recipe = Recipe.from_content(recipe_in_force(roles))
    return wanted_digest(survey(home, as_of), recipe.identity, digest(policy_in_force(roles)))


def wanted_of(eligible: pl.DataFrame, recipe: str, policy: str) -> str:
    """`wanted_digest` of a stage frame instead of verdicts."""
    lines = eligible.select("contribution", "row", "tier", "purposes", "cohort").sort("contribution")
    return _wanted((line | {"cohort": -1 if line["cohort"] is None else line["cohort"]} for line in lines.to_dicts()),
                   recipe, policy)  # fmt: skip


def wanted_digest(verdicts: Iterable[Surveyed], recipe: str, policy: str) -> str:
    """SHA-256 over eligible rows with what is public of them, recipe, policy and step versions."""
    lines = (
        {
            "contribution": one.state.contribution,
            "row": one.state.row,
            "tier": one.state.tier,
            "purposes": list(one.purposes),
            "cohort": -1 if one.state.cohort is None else one.state.cohort,
        }
        for one in verdicts
        if one.purposes
    )
    return _wanted(lines, recipe, policy)


def _wanted(lines: Iterable[dict[str, Any]], recipe: str, policy: str) -> str:
    body = {
        "format": FORMAT,
        "recipe": recipe,
        "policy": policy,
        "steps": STEPS,
        "eligible": tree_root(canonical_bytes(line) for line in lines).hex(),
    }
    return hashlib.sha256(canonical_bytes(body)).hexdigest()


def stage_line(home: Home, one: Surveyed, recipe: Recipe) -> dict[str, Any]:
    """The stage line of an eligible contribution. Reading its text checks its commitment.

    Of a federated one only the public fact counts, so that every home computes the same line.
    """
    state, record = one.state, one.record
    federated = state.tier == "federated"
    if federated:
        metadata: dict[str, Any] = {}
        order = order_of(recipe.seed_bytes, bytes.fromhex(state.row))
    else:
        metadata = record["metadata"] if record else {}
        order = order_of(recipe.seed_bytes, home.vault.get(state.contribution).text)
    return {
        "row": state.row,
        "contribution": state.contribution,
        "cohort": None if federated else state.cohort,
        "tier": state.tier,
        "purposes": list(one.purposes),
        "language": state.language,
        "domain": metadata.get("domain", ""),
        "quality": metadata.get("quality", ""),
        "contributor": "" if federated else grouping_reference(record),
        "licence": record["licence"] if record and not federated else "",
        "standing": state.standing,
        "preview": state.preview,
        "order": order,
    }


def refused_rows(home: Home, frame: pl.DataFrame, as_of: str) -> list[dict[str, str]]:
    """Rows of a stage to which the gate does not say yes, with the reason."""
    roles = home.roles()
    refused = []
    for contribution, row, purposes in frame.select("contribution", "row", "purposes").iter_rows():
        verdict = survey_one(home, roles, contribution, as_of)
        if verdict is None or verdict.state.row != row or list(verdict.purposes) != sorted(purposes):
            reason = "no-authority" if verdict is None else verdict.reason or "changed"
            refused.append({"contribution": contribution, "reason": reason})
    return refused
