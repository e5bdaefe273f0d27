"""Ask the gate for every contribution, and name what a version should be made of.

The verdicts are kept, one file per cohort. The next survey asks again only for contributions about which
something arrived, or whose hold or end has come; when the law itself changed, for all.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from assets.intake.lines import eligible_lines, refused_line
from assets.intake.spool import Spool
from assets.intake.surveyed import Survey, changed_since, law_of_home, read_survey, vault_mark, write_survey
from assets.seals import hashes_of
from assets.stages import (
    ELIGIBLE,
    REFUSED,
    SCHEMAS,
    SORTED_BY,
    Basis,
    StageGone,
    cohorts_in,
    heights_of,
    read_part,
    stage_path,
    write_basis,
    write_part,
)
from consent.survey import Surveyed, survey, survey_one
from corpus.recipe import Recipe
from corpus.version import FORMAT, STEPS
from substrate.record.authority import Roles, policy_in_force, recipe_in_force
from substrate.record.canonical import canonical_bytes, digest
from substrate.record.merkle import tree_root
from substrate.store.home import Home

Root = tuple[int, str]


def survey_home(home: Home, as_of: str, *, afresh: bool = False) -> Basis:
    """Write the stages ``eligible`` and ``refused``; returns what the build is based on.

    With ``afresh`` nothing that an earlier build left is used.

    Raises:
        StageGone: an erasure came in the middle.
    """
    _sweep(home, everything=afresh)
    mark, vault = home.ledger.high_water(), vault_mark(home)
    roles = home.roles(as_of)
    recipe, law = Recipe.from_content(recipe_in_force(roles)), law_of_home(home, roles)
    known = read_survey(home)
    changed = changed_since(home, known, law, as_of)
    write_survey(home, None)
    if known is None or changed is None:
        roots = _survey_all(home, recipe, as_of)
    else:
        roots = {**known.roots, **_survey_again(home, recipe, roles, known, changed, as_of)}
    if vault_mark(home, vault[0]) != vault:
        shutil.rmtree(stage_path(home, ""), ignore_errors=True)  # With what it said of the text.
        raise StageGone("a text was erased while it was read: run `lecs dataset build` again")
    survey = Survey(law, as_of, mark, vault, roots, {}, {}, "")
    return _conclude(home, roles, survey, Basis(as_of, mark, "", recipe.identity, "", 0, law))


def survey_members(home: Home, basis: Basis, members: set[str]) -> Basis:
    """Judge some of the contributions of the two stages again, at the time of the survey.

    ``basis.high_water`` is the mark of the moment before it was asked which ones were touched. The survey's own
    mark stays: contributions that came since are found by the next one.

    Raises:
        StageGone: the stages are not those of ``basis``.
    """
    roles, known = home.roles(basis.as_of), read_survey(home)
    if known is None or known.wanted != basis.wanted:
        raise StageGone("stages are missing: run `lecs dataset build` again")
    if not members:
        write_basis(home, basis)
        return basis
    write_survey(home, None)
    recipe = Recipe.from_content(recipe_in_force(roles))
    roots = {**known.roots, **_survey_again(home, recipe, roles, known, members, basis.as_of)}
    return _conclude(home, roles, replace(known, roots=roots), basis)


def _conclude(home: Home, roles: Roles, survey: Survey, basis: Basis) -> Basis:
    """Note what was written."""
    roots = {cohort: root for cohort, root in survey.roots.items() if root[0]}
    refused, policy = heights_of(home, REFUSED), digest(policy_in_force(roles))
    wanted = wanted_digest(roots, basis.recipe, policy)
    files = hashes_of(home, ELIGIBLE, REFUSED)
    write_survey(home, replace(survey, roots=roots, refused=refused, files=files, wanted=wanted))
    basis = replace(basis, wanted=wanted, policy=policy, refused=sum(refused.values()))
    write_basis(home, basis)
    return basis


def _sweep(home: Home, *, everything: bool) -> None:
    """Remove what a builder that died left unfinished: only one builder runs at a time."""
    if everything:
        shutil.rmtree(stage_path(home, ""), ignore_errors=True)
    for unfinished in list(stage_path(home, "").rglob("*.tmp")):
        unfinished.unlink(missing_ok=True)


def wanted_now(home: Home, as_of: str) -> str:
    """The digest of what a version should be made of at ``as_of``, without writing anything."""
    roles = home.roles(as_of)
    known = read_survey(home)
    changed = changed_since(home, known, law_of_home(home, roles), as_of)
    if known is not None and changed is not None:
        if not changed:
            return known.wanted
        found = [one for one in (survey_one(home, roles, c, as_of) for c in sorted(changed)) if one is not None]
        roots = {**known.roots, **_roots_with(home, changed, found)}
    else:
        roots = _roots_of(survey(home, as_of))
    recipe = Recipe.from_content(recipe_in_force(roles)).identity
    return wanted_digest(roots, recipe, digest(policy_in_force(roles)))


def wanted_digest(roots: dict[int, Root], recipe: str, policy: str) -> str:
    """SHA-256 over what is public of the eligible items of each cohort, recipe, policy and step versions."""
    leaves = (
        canonical_bytes({"cohort": cohort, "items": items, "root": root})
        for cohort, (items, root) in sorted(roots.items())
        if items
    )
    body = {
        "format": FORMAT,
        "recipe": recipe,
        "policy": policy,
        "steps": STEPS,
        "eligible": tree_root(leaves).hex(),
    }
    return hashlib.sha256(canonical_bytes(body)).hexdigest()


def refused_rows(home: Home, frame: pl.DataFrame, as_of: str) -> list[dict[str, str]]:
    """Rows of a stage to which the gate does not say yes, with the reason."""
    roles = home.roles(as_of)
    refused = []
    for contribution, row, purposes in frame.select("contribution", "row", "purposes").iter_rows():
        verdict = survey_one(home, roles, contribution, as_of)
        if verdict is None or verdict.state.row != row or list(verdict.purposes) != sorted(purposes):
            reason = "no-authority" if verdict is None else verdict.reason or "changed"
            refused.append({"contribution": contribution, "reason": reason})
    return refused


def _survey_all(home: Home, recipe: Recipe, as_of: str) -> dict[int, Root]:
    """Everything once, in bounded memory: lines are spooled by cohort, then each cohort is sorted on its own."""
    with Spool(home, (ELIGIBLE, REFUSED)) as spool:
        for lines, refused in _lines(home, survey(home, as_of), recipe):
            spool.add(ELIGIBLE, lines)
            spool.add(REFUSED, refused)
        spool.settle()
    return {cohort: _root(read_part(home, ELIGIBLE, cohort)) for cohort in cohorts_in(home, ELIGIBLE)}


def _survey_again(
    home: Home, recipe: Recipe, roles: Roles, known: Survey, changed: set[str], as_of: str
) -> dict[int, Root]:
    """Judge some again, and write the cohorts that hold or held one of them; returns the new roots of those."""
    found = (survey_one(home, roles, contribution, as_of) for contribution in sorted(changed))
    eligible: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for more, others in _lines(home, (one for one in found if one is not None), recipe):
        eligible += more
        refused += others
    written = _replace(home, ELIGIBLE, {c: items for c, (items, _) in known.roots.items()}, changed, eligible)
    _replace(home, REFUSED, known.refused, changed, refused)
    return {cohort: _root(read_part(home, ELIGIBLE, cohort)) for cohort in written}


def _replace(
    home: Home, name: str, heights: dict[int, int], changed: set[str], lines: list[dict[str, Any]]
) -> list[int]:
    """Put these lines in the place of those of ``changed``; returns the cohorts that were written.

    Raises:
        StageGone: a cohort has not the height that it had; an erasure has just removed it.
    """
    fresh = pl.DataFrame(lines, schema=SCHEMAS[name])
    cohorts = fresh["cohort"].fill_null(-1)
    written = []
    for cohort in sorted({*heights, *cohorts.to_list()}):
        before = read_part(home, name, cohort)
        if before.height != heights.get(cohort, 0):
            raise StageGone("stages were removed while they were computed: run `lecs dataset build` again")
        kept, more = _without(before, changed), fresh.filter(cohorts == cohort)
        if more.height or kept.height != before.height:
            write_part(home, name, cohort, pl.concat([kept, more]).sort(SORTED_BY.get(name, "row")))
            written.append(cohort)
    return written


def _without(frame: pl.DataFrame, contributions: set[str]) -> pl.DataFrame:
    return frame.filter(~pl.col("contribution").is_in(sorted(contributions)))


def _lines(
    home: Home, verdicts: Iterable[Surveyed], recipe: Recipe
) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """(eligible lines, refused lines), some at a time."""
    admitted: list[Surveyed] = []
    refused: list[dict[str, Any]] = []
    for one in verdicts:
        if one.purposes:
            admitted.append(one)
        else:
            refused.append(refused_line(one))
        if len(admitted) + len(refused) >= 512:
            yield eligible_lines(home, admitted, recipe), refused
            admitted, refused = [], []
    yield eligible_lines(home, admitted, recipe), refused


def _root(frame: pl.DataFrame) -> Root:
    """How many items of a cohort are eligible, and SHA-256 over a line of what is public of each, by id."""
    lines = frame.sort("contribution").select(
        pl.concat_str(
            "contribution", "row", "tier", pl.col("purposes").list.join(","), separator=" "
        )
    )  # fmt: skip
    written = "".join(f"{line}\n" for line in lines.to_series())
    return frame.height, hashlib.sha256(written.encode()).hexdigest()


def _public(one: Surveyed) -> dict[str, Any]:
    state = one.state
    cohort = None if state.tier == "federated" else state.cohort
    return {
        "contribution": state.contribution,
        "row": state.row,
        "tier": state.tier,
        "purposes": list(one.purposes),
        "cohort": cohort,
    }


_PUBLIC = pl.Schema({name: SCHEMAS[ELIGIBLE][name] for name in ("contribution", "row", "tier", "purposes", "cohort")})


def _roots_with(home: Home, changed: set[str], found: list[Surveyed]) -> dict[int, Root]:
    """The roots of the cohorts that ``found`` changes, as they would be."""
    fresh = pl.DataFrame([_public(one) for one in found if one.purposes], schema=_PUBLIC)
    cohorts = fresh["cohort"].fill_null(-1)
    roots = {}
    for cohort in sorted({*cohorts_in(home, ELIGIBLE), *cohorts.to_list()}):
        before = read_part(home, ELIGIBLE, cohort).select(_PUBLIC.names())
        kept, more = _without(before, changed), fresh.filter(cohorts == cohort)
        if more.height or kept.height != before.height:
            roots[cohort] = _root(pl.concat([kept, more]))
    return roots


def _roots_of(verdicts: Iterable[Surveyed]) -> dict[int, Root]:
    """The roots of all cohorts, from verdicts by id."""
    heads: dict[int, tuple[int, hashlib._Hash]] = {}
    for one in verdicts:
        if one.purposes:
            line = _public(one)
            cohort = -1 if line["cohort"] is None else line["cohort"]
            items, head = heads.get(cohort) or (0, hashlib.sha256())
            head.update(f"{line['contribution']} {line['row']} {line['tier']} {','.join(line['purposes'])}\n".encode())
            heads[cohort] = items + 1, head
    return {cohort: (items, head.hexdigest()) for cohort, (items, head) in heads.items()}
