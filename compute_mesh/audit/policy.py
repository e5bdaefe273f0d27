"""Which receipts are audited, and by whom.

The rate falls with the number of audits in a row that were consistent, as in BOINC's adaptive replication: the first
ten always, then one over the streak, never less than a floor. A sample is drawn by a digest that did not exist when the
receipt was signed, so a worker cannot know which job is looked at, nor choose its auditor. Whoever belongs to the same
person as a party, or vouched for one, is not drawn.

What a third party may read: the auditor's own probes, and jobs whose submitter marked them spot or quorum.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from substrate.record.schemas.jobs import Assurance

#: Audits of a worker that are not drawn but done: all of them. Source: BOINC's ``MIN_CONSECUTIVE_VALID``.
ALWAYS: Final = 10
#: The least share of receipts that is audited.
FLOOR: Final = Decimal("0.02")
_ARITHMETIC: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
_DRAW: Final = b"lecs/audit-draw/1\n"
_AUDITOR: Final = b"lecs/auditor/1\n"


def rate(streak: int, floor: Decimal = FLOOR) -> Decimal:
    """The share of receipts to audit after ``streak`` consistent audits in a row: 1 for the first `ALWAYS`."""
    if streak < ALWAYS:
        return Decimal(1)
    return max(floor, _ARITHMETIC.divide(Decimal(1), Decimal(1 + streak)))


def may_be_read(assurance: Assurance, probe: bool) -> bool:
    """Whether a third party may read a job at all: a probe is its own; the mark is the submitter's consent."""
    return probe or assurance != "none"


def is_drawn(receipt: str, beacon: str, share: Decimal) -> bool:
    """Whether a receipt is audited: a number from both digests (64 hexadecimal digits each) lies below ``share``."""
    number = int.from_bytes(hashlib.sha256(_DRAW + bytes.fromhex(receipt + beacon)).digest(), "big")
    return _ARITHMETIC.divide(Decimal(number), Decimal(2**256)) < share


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that may audit: whose it is, and for whom its owner vouched or who vouched for them."""

    node: str
    owner: str
    vouched: frozenset[str] = frozenset()


def unrelated(one: Candidate, other: Candidate) -> bool:
    """Whether two nodes are of different persons of whom neither vouched for the other."""
    return one.owner != other.owner and one.owner not in other.vouched and other.owner not in one.vouched


def auditors(receipt: str, beacon: str, parties: Iterable[Candidate], candidates: Iterable[Candidate]) -> list[str]:
    """Nodes in the order in which they are asked to audit a receipt: the first who can does.

    The order is by SHA-256 over receipt, beacon and node, so everybody finds the same. ``parties``: worker and
    submitter.
    """
    involved = list(parties)
    able = {one.node for one in candidates if all(unrelated(one, party) for party in involved)}
    seed = _AUDITOR + bytes.fromhex(receipt + beacon)
    return sorted(able, key=lambda node: hashlib.sha256(seed + node.encode()).digest())


def caught(share: Decimal, lies: Decimal, jobs: int) -> Decimal:
    """The chance that of ``jobs``, a share of them ``lies``, at least one is caught: 1 - (1 - share * lies)^jobs."""
    kept = _ARITHMETIC.subtract(Decimal(1), _ARITHMETIC.multiply(share, lies))
    return _ARITHMETIC.subtract(Decimal(1), _ARITHMETIC.power(kept, jobs))


def jobs_until_caught(share: Decimal, lies: Decimal, chance: Decimal) -> int:
    """The least number of jobs after which a liar is caught once with ``chance``; 919 for 5 %, 10 %, 99 %."""
    per_job = float(_ARITHMETIC.multiply(share, lies))
    if per_job >= 1:
        return 1
    return math.ceil(math.log(1 - float(chance)) / math.log(1 - per_job))


def quarantine_chances(jobs: int, lies: float, auditors: int, power: float = 1.0) -> list[float]:
    """The chance that a worker who lies in a share ``lies`` of its jobs is in quarantine after 1, 2, ... ``jobs`` jobs.

    A walk over (lies found, streak): each job is audited at `rate` of the streak, a lie is found with ``power`` and
    ends the streak, and the second counts when another of ``auditors`` nodes, each as likely, finds it.
    """
    most = math.ceil(1 / FLOOR) + ALWAYS
    other = 1 - 1 / auditors
    none, one, done = [1.0] + [0.0] * most, [0.0] * (most + 1), 0.0
    found = []
    for _ in range(jobs):
        after_none, after_one = [0.0] * (most + 1), [0.0] * (most + 1)
        for streak in range(most + 1):
            audited = float(rate(streak))
            lie, honest = audited * lies * power, audited * (1 - lies * power)
            longer = min(streak + 1, most)
            after_none[streak] += none[streak] * (1 - audited)
            after_none[longer] += none[streak] * honest
            after_one[0] += none[streak] * lie + one[streak] * lie * (1 - other)
            after_one[streak] += one[streak] * (1 - audited)
            after_one[longer] += one[streak] * honest
            done += one[streak] * lie * other
        none, one = after_none, after_one
        found.append(done)
    return found
