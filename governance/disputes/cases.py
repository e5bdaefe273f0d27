"""Disputes as folds: opened, answered, decided, appealed, final."""

from dataclasses import dataclass

from governance.ledger import Ledger
from substrate.record.authority import Roles
from substrate.record.documents import Document


@dataclass(frozen=True, slots=True)
class Case:
    """One dispute as it stands, without the clock.

    Attributes:
        state: ``open``, ``answered``, ``decided``, ``appealed`` or ``final``.
        finding: of the last decision that counts; empty before one.
        evidence: digests of all bundles that the parties named, sorted.
        until: the next deadline, where there is one: for the answer or for an appeal.
    """

    dispute: str
    about: str
    opener: str
    respondent: str
    state: str
    finding: str
    evidence: tuple[str, ...]
    until: str
    cites: tuple[str, ...]

    def state_at(self, time: str) -> str:
        """The state at a time: a decision whose deadline for an appeal has passed is final."""
        return "final" if self.state == "decided" and time > self.until else self.state


def cases_of(ledger: Ledger, roles: Roles) -> dict[str, Case]:
    """All disputes by digest. Of several decisions of one step the one with the smallest digest counts."""
    about: dict[str, list[Document]] = {}
    for document in ledger.of("DisputeAnswered", "DisputeDecided", "DisputeAppealed"):
        about.setdefault(document.body["dispute"], []).append(document)
    return {one.digest: _case(one, about.get(one.digest, []), roles) for one in ledger.of("DisputeOpened")}


def _case(opened: Document, said: list[Document], roles: Roles) -> Case:
    body, parties = opened.body, {opened.signer, opened.body["respondent"]}
    answers = [
        one
        for one in said
        if one.kind == "DisputeAnswered" and one.signer == body["respondent"] and one.body["time"] <= body["answerBy"]
    ]
    first = next((one for one in said if _decides(one, None) and roles.carried(one, "moderator")), None)
    appeals = [one for one in said if first and _appeals(one, first, parties)]
    last = next(
        (one for one in said for appeal in appeals if _decides(one, appeal) and roles.carried_by_board(one)), None
    )
    state, until = ("answered", "") if answers else ("open", body["answerBy"])
    if first:
        state, until = ("appealed", "") if appeals else ("decided", first.body["appealBy"])
    if last:
        state, until = "final", ""
    decided = last or first
    bundles = {name for one in (opened, *answers, *appeals) for name in one.body["evidence"]}
    return Case(
        opened.digest, body["about"], opened.signer, body["respondent"], state,
        decided.body["finding"] if decided else "", tuple(sorted(bundles)), until, tuple(body["cites"]),
    )  # fmt: skip


def _decides(document: Document, appeal: Document | None) -> bool:
    cited = document.body.get("appeal")
    return document.kind == "DisputeDecided" and cited == (appeal.digest if appeal else None)


def _appeals(document: Document, decision: Document, parties: set[str]) -> bool:
    return (
        document.kind == "DisputeAppealed"
        and document.signer in parties
        and document.body["decision"] == decision.digest
        and document.body["time"] <= decision.body["appealBy"]
    )
