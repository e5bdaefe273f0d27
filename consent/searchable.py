"""What may be embedded, and what may be shown to somebody who searches: the gate's word, asked now.

A vector is computed for an item that the gate admits for at least one purpose; it is shown as a search result only
where the gate admits ``retrieve`` at the moment of the question. Texts of the federated tier are left alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from consent.gate import Eligible, Law, declaration_of, eligible, eligible_purposes
from consent.lookup import all_states, declaration_here, record_of, state_of
from consent.state import State
from consent.survey import law_here
from substrate.record.authority import Roles
from substrate.store.errors import NotFound
from substrate.store.home import Home

RETRIEVE: Final = "retrieve"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A contribution whose text is here and may be used: for which purposes, and what it was declared to be."""

    contribution: str
    row: str
    purposes: tuple[str, ...]
    language: str
    domain: str


def admitted(home: Home, as_of: str, only: Iterable[str] | None = None) -> Iterator[Admitted]:
    """Everything that the gate admits for some purpose, or those of ``only``; federated items are left out."""
    roles = home.roles()
    law = law_here(roles)
    rows = home.vault.standing_rows()
    if only is None:
        states = all_states(home, roles)
    else:
        states = (state for one in sorted(only) if (state := _state(home, roles, one)) is not None)
    for state in states:
        found = _admitted(home, state, law, as_of) if rows.get(state.contribution) == state.row else None
        if found is not None:
            yield found


def may_be_found(home: Home, roles: Roles, contribution: str, row: str, as_of: str) -> bool:
    """Whether the gate admits ``retrieve`` for this text now, and it is still the one of ``row``.

    ``roles`` are those of this moment: whoever asks about several folds them once.
    """
    state = _state(home, roles, contribution)
    if state is None or state.row != row or state.tier == "federated":
        return False
    verdict = eligible(state, declaration_here(home, contribution), law_here(roles), as_of, RETRIEVE)
    return isinstance(verdict, Eligible) and home.vault.rows(contribution) == [row]


def next_time(home: Home, as_of: str, only: Iterable[str]) -> str | None:
    """When time alone next changes what the gate says about one of ``only``: a hold or a consent that ends."""
    roles = home.roles()
    states = (state for one in only if (state := _state(home, roles, one)) is not None)
    times = (time for state in states for time in (state.hold_until, state.expires))
    return min((time for time in times if time is not None and time > as_of), default=None)


def _state(home: Home, roles: Roles, contribution: str) -> State | None:
    try:
        return state_of(home, roles, contribution)
    except NotFound:
        return None


def _admitted(home: Home, state: State, law: Law, as_of: str) -> Admitted | None:
    if state.tier == "federated":
        return None
    record = record_of(home, state.contribution)
    if record is None:
        return None
    purposes, _ = eligible_purposes(state, declaration_of(record), law, as_of)
    if not purposes:
        return None
    return Admitted(state.contribution, state.row, purposes, state.language, record["metadata"].get("domain", ""))


def still_used(home: Home, contributions: Iterable[str], as_of: str) -> set[str]:
    """Those of ``contributions`` that the gate admits for some purpose now."""
    return {one.contribution for one in admitted(home, as_of, set(contributions))}
