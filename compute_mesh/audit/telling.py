"""An audit as a document, and the bundle from which anybody who may read it computes the same again."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from compute_mesh.audit.claims import Claim
from compute_mesh.audit.engines import engine_class
from compute_mesh.audit.forcing import Forced
from compute_mesh.audit.verdicts import Finding
from compute_mesh.jobs.blobs import blob_root
from compute_mesh.jobs.manifest import Manifest
from substrate.record.canonical import JsonObject, canonical_bytes
from substrate.record.documents import Document, write_document
from substrate.record.errors import NoAuthority
from substrate.record.keys import Signer

FORMAT: Final = "lecs-audit-evidence-1"
_LARGEST: Final = 999_999_999.0


def evidence_bundle(
    manifest: Manifest, receipt: Document, claims: Sequence[Claim], forced: Sequence[Forced]
) -> bytes:  # fmt: skip
    """Both documents, what the worker told, and the value of each place: canonical JSON.

    It holds prompts and answers (as tokens): it is kept sealed, and shown to the worker and to moderators alone.
    """
    content: JsonObject = {
        "format": FORMAT,
        "manifest": manifest.document.raw.decode("utf-8"),
        "receipt": receipt.raw.decode("utf-8"),
        "answers": [_answer(claim, one) for claim, one in zip(claims, forced, strict=True)],
    }
    return canonical_bytes(content)


def plain_bundle(
    manifest: Manifest, receipt: Document, outputs: Mapping[str, bytes], mine: Mapping[str, bytes]
) -> bytes:  # fmt: skip
    """Both documents, the outputs as they came, and what the auditor computed to compare them with: canonical JSON."""
    content: JsonObject = {
        "format": FORMAT,
        "manifest": manifest.document.raw.decode("utf-8"),
        "receipt": receipt.raw.decode("utf-8"),
        "outputs": {name: b64encode(data).decode("ascii") for name, data in sorted(outputs.items())},
        "computed": {name: b64encode(data).decode("ascii") for name, data in sorted(mine.items())},
    }
    return canonical_bytes(content)


def _answer(claim: Claim, forced: Forced) -> JsonObject:
    return {
        "prompt": list(claim.prompt),
        "tokens": list(claim.tokens),
        "finish": claim.finish,
        "seed": claim.sampling.seed,
        "top": claim.top.tolist(),
        "topLogProbabilities": [[decimal_text(float(v)) for v in row] for row in claim.top_log_probabilities],
        "misfit": [decimal_text(float(value)) for value in forced.misfit],
        "drift": [decimal_text(float(value)) for value in forced.drift],
    }


def decimal_text(value: float) -> str:
    """A number as documents write it: nine places at most; what is no number is as large as can be."""
    text = f"{max(-_LARGEST, min(_LARGEST, value)):.9f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def write_verdict(
    finding: Finding,
    receipt: Document,
    *,
    why: Literal["probe", "spot", "quorum-2", "quorum-3"],
    beacon: str,
    evidence: bytes,
    auditor: Signer,
    time: str,
    identifier: str,
) -> Document:
    """The auditor's document about a receipt; ``why`` it was allowed to read it, ``beacon`` what drew it.

    Raises:
        NoAuthority: the auditor is a party.
    """
    body = receipt.body
    if auditor.did in (receipt.signer, body["submitter"]) and why != "probe":
        raise NoAuthority("a party does not audit its own job")
    fields: JsonObject = {
        "job": body["job"],
        "manifest": body["manifest"],
        "receipt": receipt.digest,
        "worker": receipt.signer,
        "model": body["model"],
        "engine": engine_class(body["model"], body["engine"]),
        "assurance": why,
        "beacon": beacon,
        "verdict": finding.word,
        "statistic": finding.statistic,
        "value": decimal_text(finding.value),
        "bound": decimal_text(finding.bound),
        "tokens": finding.places,
        "evidence": blob_root(evidence),
        "time": time,
    }
    return write_document("AuditVerdict", identifier, body["audience"], fields, auditor, time)
