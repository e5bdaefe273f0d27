"""Every contribution before the gate, in one fixed order: what a build may use, and why not the rest."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from consent.gate import Law, declaration_of, eligible_purposes, law_of
from consent.issue import contributor_reference
from consent.lookup import all_states, record_of, state_of
from consent.state import State
from substrate.record.authority import Roles, policy_in_force
from substrate.record.canonical import JsonObject
from substrate.store.errors import NotFound
from substrate.store.home import Home


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One contribution, the purposes the gate admits, and the reason when it admits none.

    ``record`` is the private record where this home holds it.
    """

    state: State
    purposes: tuple[str, ...]
    reason: str
    record: JsonObject | None


def survey(home: Home, as_of: str, progress: Callable[[], None] = lambda: None) -> Iterator[Surveyed]:
    """All contributions with the gate's verdict for the purposes of a dataset version, by id."""
    roles = home.roles(as_of)
    law = law_here(roles)
    for state in all_states(home, roles):
        progress()
        yield _surveyed(home, state, law, as_of)


def survey_one(home: Home, roles: Roles, contribution: str, as_of: str) -> Surveyed | None:
    """The verdict for one contribution; None when no fact about it counts."""
    try:
        state = state_of(home, roles, contribution)
    except NotFound:
        return None
    return _surveyed(home, state, law_here(roles), as_of)


def law_here(roles: Roles) -> Law:
    """The law from policy and charter in force."""
    return law_of(policy_in_force(roles), roles.charter.body)


def grouping_reference(record: JsonObject | None) -> str:
    """An opaque name of the contributor, to apply the cap; empty for anonymous ones and where unknown."""
    if record is None or record["contributor"]["kind"] == "anonymous":
        return ""
    who = record["contributor"]
    return hashlib.sha256(
        b"p2p-lecs/contributor/v1\n" + contributor_reference(who["kind"], who.get("name"), who.get("key"), b"")
    ).hexdigest()


def _surveyed(home: Home, state: State, law: Law, as_of: str) -> Surveyed:
    record = record_of(home, state.contribution)
    declaration = declaration_of(record) if record else None
    purposes, refusal = eligible_purposes(state, declaration, law, as_of)
    if purposes and record is None and state.tier != "federated":
        return Surveyed(state, (), "text-not-here", None)
    if not {"train", "evaluate"} & set(purposes):
        return Surveyed(state, (), refusal.reason if refusal else "purpose-not-given", record)
    return Surveyed(state, purposes, "", record)
