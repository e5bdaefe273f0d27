"""Reputation of workers: a fold of audits. What a worker says about itself earns nothing.

Each receipt counts once. An audit loses half of its weight in seven days (the half-life of BOINC's recent average
credit), by closed UTC days: no clock is asked, and everybody who holds the same documents finds the same numbers.

    reputation = c / (c + 10 + 10 * i)

with c and i the weights of consistent and inconsistent audits: ten fresh consistent audits are half of what can be had,
and one fresh inconsistent one takes away as much as ten give. Arithmetic is decimal, 28 digits, rounded half even.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, Literal

from substrate.record.authority import Roles, is_authorised
from substrate.record.documents import Document

Standing = Literal["good", "probation", "quarantined"]
Word = Literal["consistent", "inconsistent", "inconclusive"]
#: Whether an auditor (a key) may speak about a worker: not where they are one person, or vouched for one another, nor
#: where another one was drawn.
MayJudge = Callable[[Document], bool]

#: Consistent audits in a row until a worker is no longer on probation.
PROBATION: Final = 10
#: Inconsistent receipts, found by as many different auditors, until a worker is quarantined.
QUARANTINE: Final = 2
_HALF_LIFE: Final = 7
#: Half-lives after which an audit counts nothing.
_FORGOTTEN: Final = 52
_PRIOR: Final = Decimal(10)
_PENALTY: Final = Decimal(10)
_ARITHMETIC: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
#: 2^(-n/7) for n = 0 to 6. Constants, since not every implementation rounds such powers alike.
_SEVENTHS: Final = tuple(
    Decimal(digits)
    for digits in (
        "1",
        "0.9057236642639066715941728732",
        "0.8203353560076379311702846829",
        "0.7429971445684742123999266434",
        "0.6729500963161780659714163019",
        "0.6095068271022377204558455013",
        "0.5520447568369061688247526938",
    )
)


@dataclass(frozen=True, slots=True)
class Reputation:
    """What the audits of one worker come to at the end of a day.

    Attributes:
        value: between 0 and 1, 28 digits. standing: what follows for placement.
        streak: consistent audits in a row, since the last inconsistent one.
        consistent, inconsistent, inconclusive: receipts, without weights.
        because: verdicts for which it is quarantined, with their evidence. appeals: against them, not yet ruled upon.
    """

    value: Decimal
    standing: Standing
    streak: int
    consistent: int
    inconsistent: int
    inconclusive: int
    because: tuple[str, ...] = ()
    appeals: tuple[str, ...] = ()


#: Who was never audited: on probation, with nothing.
UNKNOWN: Final = Reputation(Decimal(0), "probation", 0, 0, 0, 0)


def anybody(_: Document) -> bool:
    """Every authorised auditor may judge: where nothing is known about persons and draws."""
    return True


def reputations(
    documents: Iterable[Document], roles: Roles, day: str, may_judge: MayJudge = anybody
) -> dict[str, Reputation]:
    """The reputation of each worker that was audited, at the end of a closed UTC day (``YYYY-MM-DD``).

    Verdicts of later days, by keys without authority, about the auditor itself, or set aside by the moderators are left
    out; so is whatever an auditor says about a receipt about which it also says something else.
    """
    fold = _Fold(documents, roles, day)
    by_worker: dict[str, list[Document]] = defaultdict(list)
    for verdict in fold.verdicts():
        if may_judge(verdict):
            by_worker[verdict.body["worker"]].append(verdict)
    return {worker: _reputation(said, fold.appeals, day) for worker, said in sorted(by_worker.items())}


class _Fold:
    def __init__(self, documents: Iterable[Document], roles: Roles, day: str) -> None:
        kinds: dict[str, dict[str, Document]] = {"AuditVerdict": {}, "AuditAppeal": {}, "AuditRuling": {}}
        for one in documents:
            if one.kind in kinds and one.known and one.body["time"][:10] <= day and is_authorised(one, roles):
                kinds[one.kind][one.digest] = one
        self._verdicts = kinds["AuditVerdict"]
        appeals = {digest: a for digest, a in kinds["AuditAppeal"].items() if self._by_the_worker(a)}
        ruled = {(r.body["appeal"], r.body["verdict"]): r.body["ruling"] for r in self._in_order(kinds["AuditRuling"])}
        self.aside = {verdict for (appeal, verdict), word in ruled.items() if word == "set-aside" and appeal in appeals}
        answered = {appeal for appeal, _ in ruled}
        self.appeals = {a.body["verdict"]: digest for digest, a in sorted(appeals.items()) if digest not in answered}

    def _by_the_worker(self, appeal: Document) -> bool:
        verdict = self._verdicts.get(appeal.body["verdict"])
        return verdict is not None and verdict.body["worker"] == appeal.signer

    @staticmethod
    def _in_order(documents: dict[str, Document]) -> list[Document]:
        return sorted(documents.values(), key=lambda d: (d.body["time"], d.digest))

    def verdicts(self) -> list[Document]:
        """Those that count, in the order of their times."""
        words: dict[tuple[str, str], set[str]] = defaultdict(set)
        for one in self._verdicts.values():
            words[one.signer, one.body["receipt"]].add(one.body["verdict"])
        return [
            one
            for one in self._in_order(self._verdicts)
            if one.digest not in self.aside and len(words[one.signer, one.body["receipt"]]) == 1
        ]


def _reputation(verdicts: list[Document], appeals: dict[str, str], day: str) -> Reputation:
    """From the verdicts on one worker, in the order of their times."""
    receipts: dict[str, list[Document]] = defaultdict(list)
    for verdict in verdicts:
        receipts[verdict.body["receipt"]].append(verdict)
    streak, weights = 0, {"consistent": Decimal(0), "inconsistent": Decimal(0), "inconclusive": Decimal(0)}
    counts = dict.fromkeys(weights, 0)
    for said in receipts.values():
        word = _word(said)
        counts[word] += 1
        weights[word] = _ARITHMETIC.add(weights[word], weight(said[0].body["time"][:10], day))
        streak = {"consistent": streak + 1, "inconsistent": 0, "inconclusive": streak}[word]
    because = _quarantine([v for v in verdicts if v.body["verdict"] == "inconsistent"])
    standing: Standing = "quarantined" if because else "probation" if streak < PROBATION else "good"
    return Reputation(
        _value(weights["consistent"], weights["inconsistent"]),
        standing,
        streak,
        counts["consistent"],
        counts["inconsistent"],
        counts["inconclusive"],
        because,
        tuple(appeals[digest] for digest in because if digest in appeals),
    )


def _word(said: list[Document]) -> Word:
    """What several auditors found about one receipt: one who found it inconsistent is enough."""
    words = {verdict.body["verdict"] for verdict in said}
    return "inconsistent" if "inconsistent" in words else "consistent" if "consistent" in words else "inconclusive"


def _quarantine(inconsistent: list[Document]) -> tuple[str, ...]:
    """The verdicts that put a worker into quarantine: `QUARANTINE` receipts and as many auditors, or none.

    The word of one auditor alone is never enough, however often it is said.
    """
    receipts = {verdict.body["receipt"] for verdict in inconsistent}
    auditors = {verdict.signer for verdict in inconsistent}
    enough = len(receipts) >= QUARANTINE and len(auditors) >= QUARANTINE
    return tuple(verdict.digest for verdict in inconsistent) if enough else ()


def weight(done: str, day: str) -> Decimal:
    """How much an audit of the day ``done`` counts at the end of ``day``: half of it for each seven days."""
    age = (date.fromisoformat(day) - date.fromisoformat(done)).days
    halves, rest = divmod(age, _HALF_LIFE)
    return _ARITHMETIC.divide(_SEVENTHS[rest], Decimal(2**halves)) if halves < _FORGOTTEN else Decimal(0)


def _value(consistent: Decimal, inconsistent: Decimal) -> Decimal:
    penalty = _ARITHMETIC.multiply(_PENALTY, inconsistent)
    whole = _ARITHMETIC.add(_ARITHMETIC.add(consistent, _PRIOR), penalty)
    return _ARITHMETIC.divide(consistent, whole)
