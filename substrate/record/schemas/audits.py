"""Audits of jobs: what an auditor found about a receipt, the worker's appeal, the moderators' ruling. All public."""

from typing import Literal

from substrate.record.schemas.base import Count, Did, Digest, Envelope, Line, Time, Token
from substrate.record.schemas.jobs import JobType
from substrate.record.schemas.training import Decimal


class AuditVerdict(Envelope):
    """What an auditor, its signer, found about one receipt, by a published statistic and its bound.

    ``beacon`` is the digest that drew the auditor; ``engine`` that of the worker's engine class; ``evidence`` the root
    of the bundle from which the statistic can be computed again (it is shown to moderators on appeal).
    """

    type: Literal["AuditVerdict"]
    job: JobType
    manifest: Digest
    receipt: Digest
    worker: Did
    model: Digest
    engine: Digest
    assurance: Literal["probe", "spot", "quorum-2", "quorum-3"]
    beacon: Digest
    verdict: Literal["consistent", "inconsistent", "inconclusive"]
    statistic: Token
    value: Decimal
    bound: Decimal
    tokens: Count
    evidence: Digest
    time: Time


class AuditAppeal(Envelope):
    """The worker that a verdict is about asks the moderators to look at the evidence."""

    type: Literal["AuditAppeal"]
    verdict: Digest
    evidence: Digest
    time: Time


class AuditRuling(Envelope):
    """The moderators' answer to an appeal: the verdict stands, or counts no more."""

    type: Literal["AuditRuling"]
    verdict: Digest
    appeal: Digest
    ruling: Literal["stands", "set-aside"]
    reason: Line
    time: Time
