"""The closed catalogue of document kinds.

Each schema lists every key of its kind; none other is admitted, types are exact. pydantic only checks;
documents are kept and passed on in the canonical bytes of what was received, never re-made from a model.
Unknown kinds are kept and relayed, never folded.

Sources of names: ISO/IEC TS 27560 through the W3C DPV guide (consent), RFC 9562 (ids), SPDX (licences).
"""

from typing import Final

from pydantic import ValidationError

from substrate.record.canonical import JsonObject
from substrate.record.errors import MalformedDocument
from substrate.record.schemas.audits import AuditAppeal, AuditRuling, AuditVerdict
from substrate.record.schemas.base import CONTEXT, Envelope, Token
from substrate.record.schemas.change import (
    Appeal,
    CaseNote,
    ConsentChange,
    ConsentNarrowing,
    ConsentWithdrawal,
    Erased,
    HeldReading,
    HomeRestored,
    ModerationDecision,
    Redaction,
    TextsImported,
)
from substrate.record.schemas.charter import CharterChange
from substrate.record.schemas.consent import CoConsent, ConsentFact, ConsentRecord, PartyConsent
from substrate.record.schemas.dataset import DatasetVersion
from substrate.record.schemas.founding import (
    Approval,
    Charter,
    ModelApproval,
    ModelRevocation,
    Notice,
    Policy,
    Recipe,
)
from substrate.record.schemas.governance import (
    BoardTerm,
    ClosingCut,
    DisputeAnswered,
    DisputeAppealed,
    DisputeDecided,
    DisputeOpened,
    EmergencyStop,
    MemberBinding,
    PoolEntry,
    PrioritySpend,
    Proposal,
    Recall,
    ReferenceTable,
    VoteCommitment,
    VoteReveal,
    Vouch,
)
from substrate.record.schemas.jobs import JobAcceptance, JobManifest, JobReceipt, Settlement
from substrate.record.schemas.training import Adapter, Evaluation, TrainingRun

__all__ = ["CONTEXT", "KINDS", "Token", "check_schema", "explain", "is_known", "is_private"]

KINDS: Final[dict[str, type[Envelope]]] = {
    model.model_fields["type"].annotation.__args__[0]: model  # type: ignore[union-attr]
    for model in (
        Charter,
        CharterChange,
        Policy,
        Notice,
        Recipe,
        ModelApproval,
        ModelRevocation,
        Approval,
        ConsentRecord,
        CoConsent,
        ConsentFact,
        PartyConsent,
        ConsentWithdrawal,
        ConsentNarrowing,
        ConsentChange,
        ModerationDecision,
        Appeal,
        CaseNote,
        Redaction,
        HeldReading,
        Erased,
        DatasetVersion,
        TrainingRun,
        Adapter,
        Evaluation,
        HomeRestored,
        TextsImported,
        JobManifest,
        JobReceipt,
        JobAcceptance,
        Settlement,
        AuditVerdict,
        AuditAppeal,
        AuditRuling,
        ReferenceTable,
        Vouch,
        MemberBinding,
        Proposal,
        VoteCommitment,
        VoteReveal,
        ClosingCut,
        BoardTerm,
        Recall,
        DisputeOpened,
        DisputeAnswered,
        DisputeDecided,
        DisputeAppealed,
        EmergencyStop,
        PoolEntry,
        PrioritySpend,
    )
}

_ALWAYS_PRIVATE: Final = frozenset(
    {"ConsentRecord", "CoConsent", "Appeal", "CaseNote", "JobManifest", "JobReceipt", "JobAcceptance"}
)
_PRIVATE_UNLESS_BY_CODE: Final = frozenset({"ConsentWithdrawal", "ConsentNarrowing"})


def is_private(body: JsonObject) -> bool:
    """Whether a document of this kind stays with the node that accepted it."""
    kind = body["type"]
    if kind in _PRIVATE_UNLESS_BY_CODE:
        return body.get("authority") != "withdrawal-key"
    return kind in _ALWAYS_PRIVATE


def is_known(kind: str) -> bool:
    """Whether the catalogue has a schema for ``kind``."""
    return kind in KINDS


def check_schema(body: JsonObject) -> bool:
    """Check a document against the schema of its kind; False when the kind is unknown here.

    Raises:
        MalformedDocument: naming the key and what is wrong, never the value.
    """
    kind = body.get("type")
    if not isinstance(kind, str) or not kind:
        raise MalformedDocument("a document needs a type")
    model = KINDS.get(kind)
    if model is None:
        _check_unknown(body)
        return False
    try:
        model.model_validate(body)
    except ValidationError as error:
        raise MalformedDocument(f"{kind}: {explain(error)}") from None
    return True


def explain(error: ValidationError) -> str:
    """The first problem in words, without the value; unknown keys are shown only when they look like keys."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(_printable(part) for part in first["loc"]) or "the document"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        return f"{place} is not a key of this kind{more}"
    if first["type"] == "missing":
        return f"{place} is missing{more}"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}{more}"


def _printable(part: str | int) -> str:
    text = str(part)
    plain = len(text) <= 32 and text.isascii() and text.replace("@", "").replace("_", "").replace("-", "").isalnum()
    return text if plain else "(a key that cannot be shown)"


def _check_unknown(body: JsonObject) -> None:
    if len(body["type"]) > 64 or not body["type"].isalnum() or not body["type"].isascii():
        raise MalformedDocument("a kind must be named by up to 64 ASCII letters and digits")
    for key in ("id", "audience"):
        if not isinstance(body.get(key), str) or len(body[key]) > 200:
            raise MalformedDocument(f"{key} is missing or not text")
