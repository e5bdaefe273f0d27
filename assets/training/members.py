"""Which texts of a version a run may read: the manifest as it was signed, and the gate's word, asked now.

A run takes a version as it stands or not at all. If a consent changed since it was built, another item may have to come
back in the place of the one that goes; only a new version knows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assets.dataset.manifests import manifest_problems, manifest_shards
from consent.gate import Refused, declaration_of, eligible
from consent.survey import Surveyed, grouping_reference, law_here, survey_one
from corpus.training.reading import is_held_out, key_of
from corpus.training.recipe import TrainingRecipe
from substrate.record.authority import Roles
from substrate.record.documents import Document
from substrate.store.errors import HomeError, Tampered
from substrate.store.home import Home

TRAIN, EVALUATE = "train", "evaluate"
#: Reasons that say: a person took it back.
_BACK = ("withdrawn", "erased")


class TakenBack(HomeError):
    """A text of the version was taken back since it was built: build a new version, and train that."""


class NotAdmitted(HomeError):
    """The gate does not admit a text of the version for its use any more: build a new version, and train that."""


@dataclass(frozen=True, slots=True)
class Member:
    """One text that a run may read. ``key`` orders it; ``weight`` is that of the version; ``who`` may be empty."""

    contribution: str
    row: str
    cohort: int
    key: bytes
    weight: int
    text: str
    who: str
    language: str
    domain: str


@dataclass(frozen=True, slots=True)
class Members:
    """The texts of a version: by cohort those that are trained on, and those that are held out."""

    train: dict[int, list[Member]]
    held_out: list[Member]


def members_of(home: Home, version: Document, recipe: TrainingRecipe, as_of: str) -> Members:
    """Every text of a version that may be read, each checked against its row.

    Federated items are left where they are. Within a cohort texts stand in the order of their keys.

    Raises:
        TakenBack, NotAdmitted: the gate says no to one of them. Tampered: manifest or text are not what was signed.
    """
    problems = manifest_problems(home, version)
    if problems:
        raise Tampered(f"version {version.body['version'][:16]}…: {problems[0]}")
    found = Members({}, [])
    for line, verdict in admitted_lines(home, home.roles(), version, as_of):
        member = _member(home, line, verdict, recipe)
        if EVALUATE in line["purposes"] and is_held_out(recipe, member.key):
            found.held_out.append(member)
        elif TRAIN in line["purposes"]:
            found.train.setdefault(member.cohort, []).append(member)
    for texts in (found.held_out, *found.train.values()):
        texts.sort(key=lambda member: (member.key, member.weight))
    return found


def admitted_lines(
    home: Home, roles: Roles, version: Document, as_of: str
) -> Iterator[tuple[dict[str, Any], Surveyed]]:
    """The lines of a manifest that are for training or evaluation, each with the gate's verdict.

    Raises:
        TakenBack, NotAdmitted: the verdict is not that of the version any more.
    """
    for shard in manifest_shards(home, version):
        for line in shard.iter_rows(named=True):
            if line["cohort"] is not None and {TRAIN, EVALUATE} & set(line["purposes"]):
                yield line, _asked(home, roles, line, as_of)


def refusal_now(home: Home, roles: Roles, contribution: str, row: str, purpose: str, as_of: str) -> str:
    """Why the text of this row may not be used for a purpose now; empty where it may."""
    verdict = survey_one(home, roles, contribution, as_of)
    if verdict is None:
        return "no-authority"
    state = verdict.state
    declared = declaration_of(verdict.record) if verdict.record else None
    said = eligible(state, declared, law_here(roles), as_of, purpose)
    if isinstance(said, Refused):
        return said.reason
    if state.row != row:
        return "superseded"
    return "" if purpose in verdict.purposes else verdict.reason or "purpose-not-given"


def _asked(home: Home, roles: Roles, line: dict[str, Any], as_of: str) -> Surveyed:
    contribution, row = line["contribution"], line["row"]
    for purpose in sorted({TRAIN, EVALUATE} & set(line["purposes"])):
        reason = refusal_now(home, roles, contribution, row, purpose, as_of)
        if reason:
            told = (
                f"{contribution} may not be used to {purpose} any more: {reason}. `lecs dataset build`, then train that"
            )
            raise TakenBack(told) if reason in _BACK else NotAdmitted(told)
    verdict = survey_one(home, roles, contribution, as_of)
    if verdict is None or line["tier"] == "federated" or verdict.state.tier == "federated":
        raise NotAdmitted(f"{contribution} stays on the machine where it was given: another tier than the version says")
    if verdict.state.cohort != line["cohort"]:
        raise Tampered(f"{contribution}: the manifest names another cohort than its fact")
    return verdict


def _member(home: Home, line: dict[str, Any], verdict: Surveyed, recipe: TrainingRecipe) -> Member:
    kept = home.vault.get(line["contribution"])
    if kept.row != line["row"]:
        raise Tampered(f"the text of {line['contribution']} is not the one of the version")
    return Member(
        contribution=line["contribution"],
        row=line["row"],
        cohort=line["cohort"],
        key=key_of(recipe, kept.text),
        weight=line["weight"],
        text=kept.text.decode("utf-8"),
        who=grouping_reference(verdict.record),
        language=line["language"],
        domain=line["domain"],
    )
