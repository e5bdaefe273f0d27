"""The one gate: may this contribution be used for this purpose at this time? Deny by default.

Builder, intake, scheduler, desk, search and API call `eligible`; nothing else decides. `RULES` is its truth
table, published in docs/reference/gate.md: of all rules that apply the first gives the reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from consent.state import State
from substrate.record.times import check_time
from substrate.record.vocabulary import PREVIEWS, PURPOSES, PURPOSES_OF_TIER, STANDINGS, TIERS

#: reason -> what it means, in the order in which the gate asks.
RULES: Final[dict[str, str]] = {
    "unknown-value": "A value that the rules do not know is never let through.",
    "no-authority": "No admitted node states a consent fact for it.",
    "conflict": "Two facts claim the same contribution; none counts until that is cleared up.",
    "erased": "Text, key, salt and record were destroyed.",
    "withdrawn": "The person, or a party, took the consent back.",
    "moderated": "Moderators quarantined or excluded it, or asked for more redaction.",
    "held": "A person has to look at it first.",
    "standing-not-admitted": "The charter does not admit consent that was signed in this way.",
    "preview-not-admitted": "The charter asks that somebody saw the redacted text before it was signed.",
    "on-hold": "The time to think it over has not passed yet.",
    "expired": "The consent had an end, and it has come.",
    "not-adult": "The contributor did not declare to be an adult.",
    "minor": "It contains data of minors, which the policy excludes.",
    "student": "It contains data of students, which the policy excludes.",
    "reader-copy": "A reader cannot give what somebody else wrote.",
    "rights-not-admitted": "The policy does not admit this ground of rights.",
    "sensitive-needs-federated": "Sensitive data may only stay on the machine where it was given.",
    "parties-missing": "Not all parties of the conversation agreed, and it was not redacted by a person.",
    "tier-does-not-admit-purpose": "Training-only and federated texts admit train and evaluate only.",
    "purpose-not-given": "The person did not say yes to this purpose.",
}

_STOPPED: Final = frozenset({"quarantine", "exclude", "require-redaction"})
_PASSED: Final = frozenset({"admit", "restore", "restrict-tier"})
_PURPOSES_OF_TIER: Final[Mapping[str, frozenset[str]]] = {
    str(tier): frozenset(map(str, purposes)) for tier, purposes in PURPOSES_OF_TIER.items()
}


@dataclass(frozen=True, slots=True)
class Law:
    """What policy and charter in force admit."""

    minors: str
    students: str
    sensitive_tiers: frozenset[str]
    conversation: frozenset[str]
    rights: frozenset[str]
    standings: frozenset[str]
    previews: frozenset[str]


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the private record says, where this home holds it. Peers decide without it."""

    adult: bool
    minors: str
    students: str
    sensitive: tuple[str, ...]
    rights: str
    conversation: bool
    method: str
    person_marked: bool


@dataclass(frozen=True, slots=True)
class Eligible:
    """Yes, for this purpose."""

    contribution: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why: ``reason`` is a key of `RULES`."""

    contribution: str
    reason: str

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return RULES[self.reason]


def law_of(policy: dict[str, Any], charter: dict[str, Any]) -> Law:
    """The law from the content of the policy and the body of the charter in force."""
    return Law(
        minors=policy["minors"],
        students=policy["students"],
        sensitive_tiers=frozenset(policy["sensitiveTiers"]),
        conversation=frozenset(policy["conversation"]),
        rights=frozenset(policy["rights"]),
        standings=frozenset(charter["standings"]),
        previews=frozenset(charter["previews"]),
    )


def declaration_of(record: dict[str, Any]) -> Declaration:
    """What the gate reads in the body of a consent record."""
    declared, people = record["declared"], record["people"]
    return Declaration(
        adult=declared["adult"],
        minors=declared["minors"],
        students=declared["students"],
        sensitive=tuple(declared["sensitive"]),
        rights=record["rights"]["basis"],
        conversation=people["conversation"],
        method=people["method"],
        person_marked="markedBy" in record["redaction"],
    )


def eligible(
    state: State | None, declaration: Declaration | None, law: Law, as_of: str, purpose: str
) -> Eligible | Refused:
    """Decide. ``as_of`` (a time of the profile) decides expiry and hold alone.

    Without a ``declaration`` the public rules decide: that is what any peer can recompute.
    """
    if purpose not in PURPOSES or not _is_time(as_of):
        return Refused(state.contribution if state else "", "unknown-value")
    if state is None:
        return Refused("", "no-authority")
    applying = {
        *_about_the_statement(state, law, as_of),
        *(_about_the_person(state, declaration, law) if declaration else ()),
        *_about_the_use(state, purpose),
    }
    reason = next((reason for reason in RULES if reason in applying), None)
    return Refused(state.contribution, reason) if reason else Eligible(state.contribution, purpose)


def eligible_purposes(
    state: State | None, declaration: Declaration | None, law: Law, as_of: str
) -> tuple[tuple[str, ...], Refused | None]:
    """All purposes the gate admits; with none, the refusal for training."""
    yes = tuple(sorted(p for p in PURPOSES if isinstance(eligible(state, declaration, law, as_of, p), Eligible)))
    if yes:
        return yes, None
    verdict = eligible(state, declaration, law, as_of, "train")
    return (), verdict if isinstance(verdict, Refused) else None


def _about_the_statement(state: State, law: Law, as_of: str) -> Iterator[str]:
    """Whose statement it is, whether it still stands, whether it has begun."""
    if state.tier not in TIERS or state.standing not in STANDINGS or state.preview not in PREVIEWS:
        yield "unknown-value"
    if state.moderation in _STOPPED:
        yield "moderated"
    elif state.moderation is not None and state.moderation not in _PASSED:
        yield "unknown-value"
    if state.conflict:
        yield "conflict"
    if state.erased:
        yield "erased"
    if state.withdrawn:
        yield "withdrawn"
    if state.standing == "held":
        yield "held"
    if state.standing not in law.standings:
        yield "standing-not-admitted"
    if state.preview not in law.previews:
        yield "preview-not-admitted"
    if state.hold_until is not None and as_of < state.hold_until:
        yield "on-hold"
    if state.expires is not None and as_of >= state.expires:
        yield "expired"


def _about_the_person(state: State, declared: Declaration, law: Law) -> Iterator[str]:
    """What the person declared."""
    if not declared.adult:
        yield "not-adult"
    if declared.minors != "none" and law.minors == "exclude":
        yield "minor"
    if declared.students != "none" and law.students == "exclude":
        yield "student"
    if declared.rights == "reader":
        yield "reader-copy"
    if declared.rights not in law.rights:
        yield "rights-not-admitted"
    # The tier as it was given: what other machines may hold does not become sensitive data kept at home.
    if declared.sensitive and (state.tier_given or state.tier) not in law.sensitive_tiers:
        yield "sensitive-needs-federated"
    if declared.conversation and declared.method not in law.conversation - {"not-applicable"}:
        yield "parties-missing"
    if declared.method == "redacted" and not declared.person_marked:
        yield "parties-missing"


def _about_the_use(state: State, purpose: str) -> Iterator[str]:
    """Whether all agreed, and to this."""
    if state.parties_given < state.parties_required:
        yield "parties-missing"
    if purpose not in state.purposes:
        yield "purpose-not-given"
    elif purpose not in _PURPOSES_OF_TIER.get(state.tier, frozenset()):
        yield "tier-does-not-admit-purpose"


def _is_time(text: str) -> bool:
    try:
        check_time(text)
    except ValueError:
        return False
    return True
