"""Who decides about what. The table is code: changing it takes a new version of the program."""

from dataclasses import dataclass
from typing import Final

from governance.parameters import PARAMETERS, refusal
from substrate.record.authority import Roles
from substrate.record.canonical import JsonObject

CONTRIBUTOR: Final = "contributor"
TECHNICAL: Final = "technical"
BOTH: Final = (CONTRIBUTOR, TECHNICAL)
#: Bytes of a proposal's words in UTF-8: nodes pass on no longer ones.
MOST_WORDS: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Scope:
    """The chambers that have to say yes, and the kinds of acts that may be put in force."""

    chambers: tuple[str, ...]
    acts: frozenset[str]


SCOPES: Final = {
    "mixture": Scope((CONTRIBUTOR,), frozenset({"Recipe"})),
    "privacy": Scope((CONTRIBUTOR,), frozenset({"Policy", "Notice"})),
    "inclusion": Scope((CONTRIBUTOR,), frozenset({"Notice"})),
    "board": Scope((CONTRIBUTOR,), frozenset({"BoardTerm", "Recall"})),
    "machines": Scope((TECHNICAL,), frozenset()),
    "credits": Scope((TECHNICAL,), frozenset({"ReferenceTable"})),
    "floor": Scope(BOTH, frozenset()),
    "constitution": Scope(BOTH, frozenset()),
}


def chambers_for(scope: str, roles: Roles) -> tuple[str, ...]:
    """The chambers that have to say yes about a scope.

    While no reference table is in force nothing earns credit, so that the technical chamber is empty and could never
    adopt a first one: until then contributors decide about credits.
    """
    if scope == "credits" and not any(act.kind == "ReferenceTable" for act in roles.acts.values()):
        return (CONTRIBUTOR,)
    return SCOPES[scope].chambers


def void(body: JsonObject, roles: Roles, kinds: dict[str, str]) -> str:
    """Why a proposal can never have an effect: a word, or empty.

    ``kinds``: the kind of each governed act that is at hand, by digest; an act that is not counts as outside.
    """
    scope = SCOPES[body["scope"]]
    for change in body["effect"]["parameters"]:
        name = change["name"]
        if name in PARAMETERS and PARAMETERS[name].scope != body["scope"]:
            return "outside-the-scope"
        if reason := refusal(name, change["value"], roles.charter.body):
            return reason
    for digest in body["effect"]["acts"]:
        if kinds.get(digest) not in scope.acts:
            return "outside-the-scope"
    return ""
