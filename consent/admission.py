"""Would the gate ever let this row through? Asked before anything is redacted, signed or stored."""

from consent.gate import Declaration, Eligible, Law, eligible
from consent.issue import Assistance, standing_of
from consent.rows import Refusal, Row
from consent.state import State
from substrate.record.times import check_time
from substrate.record.vocabulary import size_class, strictest

#: Refusals of the gate that time or a person's look can still lift: the row is taken, and waits.
MAY_WAIT = frozenset({"held", "on-hold"})


def refused_at_intake(
    row: Row, law: Law, as_of: str, *, preview: str, own_key: bool, assistance: Assistance,
    waits: frozenset[str] = MAY_WAIT,
) -> Refusal | None:  # fmt: skip
    """The gate's refusal for any purpose that the row asks for; None when all could be admitted.

    ``waits`` are refusals that somebody can still lift.
    """
    check_time(as_of)
    state = _prospective(row, as_of, preview, standing_of(False, own_key, assistance))
    declaration = prospective_declaration(row)
    for purpose in row.purposes:
        verdict = eligible(state, declaration, law, as_of, purpose)
        if not isinstance(verdict, Eligible) and verdict.reason not in waits:
            return Refusal(verdict.reason, verdict.sentence)
    return None


def prospective_declaration(row: Row) -> Declaration:
    """What the record of this row would declare."""
    return Declaration(
        adult=row.declared.adult,
        minors=row.declared.minors,
        students=row.declared.students,
        sensitive=tuple(row.declared.sensitive),
        rights=row.rights.basis,
        conversation=row.people.conversation,
        method=row.method,
        person_marked=row.redacted is not None,
    )


def _prospective(row: Row, as_of: str, preview: str, standing: str) -> State:
    by_person = row.method == "redacted" and row.redacted is not None
    tier = strictest([row.tier, *(party.tier for party in row.co_parties if party.tier)])
    return State(
        contribution="",
        fact="",
        record="",
        node="",
        row="",
        superseded=(),
        tier=tier,
        purposes=tuple(row.purposes),
        standing=standing,
        preview=preview,
        language=row.coarse_language,
        size_class=size_class(len(row.text)),
        cohort=None if tier == "federated" else 0,
        parties_required=1 if by_person else row.parties,
        parties_given=1 + len(row.co_parties),
        redactor="",
        given_at=as_of,
        expires=row.expires,
        hold_until=None,
        withdrawn=False,
        erased=False,
        moderation=None,
        conflict=False,
    )
