"""What the public documents say about one contribution: a fold in which every change is stricter.

Two kinds complete what was not complete: a curator confirms a held text, a party of a conversation says yes too.

Nothing here depends on order: withdrawals, narrowings, changes and decisions count from their presence,
whatever time they state.
"""

from dataclasses import dataclass

from substrate.record.authority import Roles, is_authorised
from substrate.record.documents import Document
from substrate.record.rows import follow_redactions
from substrate.record.vocabulary import RELEASED, STRICTNESS, Standing, strictest

#: What stands as ``redactor`` in a `Redaction` that a person made.
BY_HAND = "by-hand"

_SEVERITY = ("admit", "restore", "restrict-tier", "require-redaction", "quarantine", "exclude")
_RESTRICT = _SEVERITY.index("restrict-tier")


@dataclass(frozen=True, slots=True)
class State:
    """The public state of one contribution.

    Attributes:
        contribution: its ``urn:uuid:``.
        fact: digest of the consent fact; ``node`` accepted it.
        row: the commitment that stands now; ``superseded`` are those a later redaction replaced.
        tier, purposes: what is left of them after narrowing and moderation.
        tier_given: the fact's own tier, where ``tier`` is no longer that one.
        moderation: the strictest standing decision, or None.
        standing: how the consent was signed; ``held`` until curators have confirmed the text.
        redactor: version of the program that read the text last.
        erased_because: the reason that a tombstone states, where it states one.
        conflict: two facts claim this contribution, so none counts.
    """

    contribution: str
    fact: str
    record: str
    node: str
    row: str
    superseded: tuple[str, ...]
    tier: str
    purposes: tuple[str, ...]
    standing: str
    preview: str
    language: str
    size_class: str
    cohort: int | None
    parties_required: int
    parties_given: int
    redactor: str
    given_at: str
    expires: str | None
    hold_until: str | None
    withdrawn: bool
    erased: bool
    moderation: str | None
    conflict: bool
    tier_given: str | None = None
    erased_because: str | None = None

    @property
    def word(self) -> str:
        """One word for people: what became of it."""
        if self.erased:
            return "erased"
        if self.withdrawn:
            return "withdrawn"
        if self.moderation in ("quarantine", "exclude", "require-redaction"):
            return "moderated"
        return "held" if self.standing == "held" else "given"


def contribution_state(documents: list[Document], roles: Roles) -> State | None:
    """Fold the documents about one contribution; None when no admitted node states a fact about it."""
    facts = [d for d in documents if d.kind == "ConsentFact" and is_authorised(d, roles)]
    if not facts:
        return None
    fact = min(facts, key=lambda document: document.digest)
    changes = [d for d in documents if d.kind != "ConsentFact" and is_authorised(d, roles, fact)]
    body = fact.body
    decision = _decision([d for d in changes if d.kind == "ModerationDecision"])
    redactions = follow_redactions(body["row"], [d for d in changes if d.kind == "Redaction"])
    rows = (body["row"], *(d.body["rowAfter"] for d in redactions))
    tier = _tier(body["tier"], changes, decision)
    return State(
        contribution=body["contribution"],
        fact=fact.digest,
        record=body["record"],
        node=fact.signer,
        row=rows[-1],
        superseded=rows[:-1],
        tier=tier,
        purposes=_purposes(body["purposes"], changes),
        standing=_standing(body["standing"], readings_of(body["row"], redactions, changes), roles),
        preview=body["preview"],
        language=body["language"],
        size_class=body["sizeClass"],
        cohort=body.get("cohort"),
        parties_required=body["parties"]["required"],
        parties_given=_parties_given(body["parties"], changes),
        redactor=next(
            (d.body["redactor"] for d in reversed(redactions) if d.body["redactor"] != BY_HAND), body["redactor"]
        ),
        given_at=body["time"],
        expires=_earliest([body.get("expires"), *(d.body.get("expires") for d in changes)]),
        hold_until=body.get("holdUntil"),
        withdrawn=any(d.kind == "ConsentWithdrawal" or d.body.get("withdrawn") is True for d in changes),
        erased=any(d.kind == "Erased" for d in changes),
        moderation=decision.body["decision"] if decision else None,
        conflict=len(facts) > 1,
        tier_given=body["tier"] if body["tier"] != tier else None,
        erased_because=min(
            (d.body["reason"] for d in changes if d.kind == "Erased" and "reason" in d.body), default=None
        ),
    )


def _tier(given: str, changes: list[Document], decision: Document | None) -> str:
    tiers = [given] + [d.body["tier"] for d in changes if d.kind != "ModerationDecision" and "tier" in d.body]
    if decision is not None and decision.body["decision"] == "restrict-tier":
        tiers.append(decision.body.get("tier", "training-only"))
    return strictest([tier for tier in tiers if tier in STRICTNESS])


def _purposes(given: list[str], changes: list[Document]) -> tuple[str, ...]:
    left = set(given)
    for change in changes:
        if change.body.get("purposes") is not None:
            left &= set(change.body["purposes"])
    return tuple(sorted(left))


def readings_of(first: str, redactions: tuple[Document, ...], documents: list[Document]) -> list[Document]:
    """What curators said about a text's rows. Who confirmed it before somebody marked more has to read it again."""
    rows = [first, *(d.body["rowAfter"] for d in redactions)]
    marked = max((n for n, d in enumerate(redactions, 1) if d.body["redactor"] == BY_HAND), default=0)
    fitting = {"marked": rows, "confirmed": rows[marked:]}
    return [d for d in documents if d.kind == "HeldReading" and d.body["row"] in fitting[d.body["reading"]]]


def _standing(given: str, readings: list[Document], roles: Roles) -> str:
    """``held`` until enough curators have read the text; then the weakest standing that one who confirmed states."""
    if given != "held" or not roles.read_enough(readings):
        return given
    stated: list[Standing] = [d.body["standing"] for d in readings if d.body["reading"] == "confirmed"]
    return max(stated, key=RELEASED.index)


def _decision(decisions: list[Document]) -> Document | None:
    """The strictest decision that no other one replaces."""
    replaced = {d.body.get("previous") for d in decisions}
    standing = [d for d in decisions if d.digest not in replaced]
    if not standing:
        return None
    return max(standing, key=_severity)


def _severity(decision: Document) -> tuple[int, int, str]:
    """Of two decisions that restrict the tier, the one with the stricter tier is stricter."""
    word = _SEVERITY.index(decision.body["decision"])
    tier = STRICTNESS.index(decision.body.get("tier", "training-only")) if word == _RESTRICT else 0
    return word, tier, decision.digest


def _parties_given(count: dict[str, int], changes: list[Document]) -> int:
    """Those who gave with the fact, and each party whose yes the accepting node published since."""
    since = {d.body["cites"] for d in changes if d.kind == "PartyConsent"}
    return max(count["given"], min(count["required"], count["given"] + len(since)))


def _earliest(times: list[str | None]) -> str | None:
    return min((time for time in times if time is not None), default=None)
