"""Receipts, acceptances and the settlement of a day: made, held against each other, and added up.

A receipt cites the manifest that its submitter signed, and the acceptance cites the receipt: so each side's word names
the other's. What does not fit is refused by name, before anything is signed over it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.rules import Refused
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer
from substrate.record.merkle import tree_root

Side = Literal["worker", "submitter"]
_COUNTS: Final = ("read", "written", "trained")
#: Tokens that a template or the form of a text may add to what the submitter brought.
_ADDED: Final = 512

#: Why a receipt or an acceptance is not taken. docs/reference/jobs.md shows this table.
RULES: Final[dict[str, str]] = {
    "kind": "a document of another kind, or for another commons",
    "other-job": "it speaks of another manifest, submitter, type, model or adapter",
    "other-worker": "signed by another than the one who was asked, or than the one who is named",
    "too-many-tokens": "it counts more tokens than the manifest allows",
    "too-much-output": "its outputs are larger than the manifest allows",
    "too-late": "it was begun after the deadline",
    "too-long": "it took longer than the manifest allows",
}


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker did: the receipt's own part. ``reason`` is a word where the job did not end well."""

    engine: JsonObject
    read: int
    written: int
    begun: str
    ended: str
    trained: int = 0
    outcome: Literal["done", "failed", "cancelled"] = "done"
    reason: str | None = None
    outputs: Sequence[JsonObject] = ()
    evidence: str | None = None


def write_receipt(manifest: Manifest, work: Work, worker: Signer, identifier: str) -> Document:
    """The worker's receipt; ``identifier`` is a ``urn:uuid:``.

    Raises:
        MalformedDocument: the parts do not fit, such as a job that failed without a reason.
    """
    adapter = manifest.body.get("adapter")
    fields: JsonObject = {
        "manifest": manifest.digest,
        "submitter": manifest.submitter,
        "job": manifest.job,
        "model": manifest.body["model"]["digest"],
        "adapter": adapter and adapter["sha256"],
        "engine": work.engine,
        "tokens": {name: getattr(work, name) for name in _COUNTS},
        "outcome": work.outcome,
        "reason": work.reason,
        "outputs": list(work.outputs),
        "evidence": work.evidence,
        "begun": work.begun,
        "ended": work.ended,
    }
    return write_document("JobReceipt", identifier, manifest.body["audience"], fields, worker, work.ended)


def check_receipt(receipt: Document, manifest: Manifest, worker: str, seconds: int) -> Refused | None:
    """Hold a receipt against what was asked. ``seconds``: how long it took by the submitter's own clock."""
    body, asked = receipt.body, manifest.body
    if receipt.kind != "JobReceipt" or not receipt.known or body["audience"] != asked["audience"]:
        return _refused("kind")
    if receipt.signer != worker:
        return _refused("other-worker")
    adapter = asked.get("adapter")
    same = (
        body["manifest"] == manifest.digest
        and body["submitter"] == manifest.submitter
        and body["job"] == manifest.job
        and body["model"] == asked["model"]["digest"]
        and body.get("adapter") == (adapter and adapter["sha256"])
    )
    if not same:
        return _refused("other-job")
    if body["begun"] > asked["deadline"]:
        return _refused("too-late")
    if seconds > asked["limits"]["seconds"]:
        return _refused("too-long")
    if sum(blob["bytes"] for blob in body["outputs"]) > asked["limits"]["output"]:
        return _refused("too-much-output")
    return None if _within(body["tokens"], manifest) else _refused("too-many-tokens")


def _within(tokens: JsonObject, manifest: Manifest) -> bool:
    """No token of a text has less than a byte, and a chat template adds few to each prompt."""
    brought = sum(blob["bytes"] for blob in manifest.body["inputs"])
    if manifest.job == "inference":
        prompts = manifest.parameters["prompts"]
        most = prompts * manifest.parameters["tokens"]
        read = tokens["read"] <= brought + prompts * _ADDED
        return bool(read and tokens["written"] <= most and tokens["trained"] == 0)
    if manifest.job == "embeddings":
        most = brought + manifest.parameters["texts"] * _ADDED
        return bool(tokens["written"] == tokens["trained"] == 0 and tokens["read"] <= most)
    return bool(tokens["written"] == 0)


def write_acceptance(receipt: Document, submitter: Signer, time: str, identifier: str, reason: str = "") -> Document:
    """The submitter's word on a receipt: accepted, or disputed for ``reason``."""
    fields: JsonObject = {
        "manifest": receipt.body["manifest"],
        "receipt": receipt.digest,
        "worker": receipt.signer,
        "answer": "disputed" if reason else "accepted",
        "reason": reason or None,
        "time": time,
    }
    return write_document("JobAcceptance", identifier, receipt.body["audience"], fields, submitter, time)


def check_acceptance(acceptance: Document, receipt: Document) -> Refused | None:
    """Hold an acceptance against the receipt that it is about."""
    body = acceptance.body
    if acceptance.kind != "JobAcceptance" or not acceptance.known or body["audience"] != receipt.body["audience"]:
        return _refused("kind")
    if acceptance.signer != receipt.body["submitter"] or body["worker"] != receipt.signer:
        return _refused("other-worker")
    if (body["receipt"], body["manifest"]) != (receipt.digest, receipt.body["manifest"]):
        return _refused("other-job")
    return None


def accepted(receipts: Iterable[Document], acceptances: Iterable[Document]) -> list[Document]:
    """Receipts that their submitter accepted and nowhere disputed, each once, by digest."""
    answers: dict[str, set[str]] = defaultdict(set)
    by_digest = {receipt.digest: receipt for receipt in receipts}
    for answer in acceptances:
        receipt = by_digest.get(answer.body.get("receipt", ""))
        if receipt is not None and check_acceptance(answer, receipt) is None:
            answers[receipt.digest].add(answer.body["answer"])
    return [receipt for digest, receipt in sorted(by_digest.items()) if answers[digest] == {"accepted"}]


@dataclass(frozen=True, slots=True)
class Day:
    """What one pair settles for one day: fields of a `Settlement` without its side."""

    day: str
    worker: str
    submitter: str
    fields: JsonObject


def settle(receipts: Iterable[Document], day: str) -> list[Day]:
    """The settlements of a UTC day (``YYYY-MM-DD``), by worker and submitter, from accepted receipts.

    A receipt belongs to the day on which it ended. A job counts once for each worker: of several receipts about one
    manifest by one worker, that with the smallest digest. What a node does for itself is not settled.
    """
    pairs: dict[tuple[str, str], dict[str, Document]] = defaultdict(dict)
    for receipt in sorted({r.digest: r for r in receipts}.values(), key=lambda r: r.digest):
        body = receipt.body
        if body["ended"][:10] == day and receipt.signer != body["submitter"]:
            pairs[receipt.signer, body["submitter"]].setdefault(body["manifest"], receipt)
    return [_day(day, worker, submitter, list(found.values())) for (worker, submitter), found in sorted(pairs.items())]


def write_settlement(settled: Day, side: Side, party: Signer, commons: str, time: str, identifier: str) -> Document:
    """One side's document about a day."""
    return write_document("Settlement", identifier, commons, {**settled.fields, "side": side}, party, time)


def _day(day: str, worker: str, submitter: str, receipts: list[Document]) -> Day:
    digests = sorted(receipt.digest for receipt in receipts)
    totals: dict[tuple[str, str, str], dict[str, int]] = {}
    for receipt in receipts:
        body = receipt.body
        key = (body["model"], body["engine"]["quantisation"], body["job"])
        total = totals.setdefault(key, {"jobs": 0, **dict.fromkeys(_COUNTS, 0)})
        total["jobs"] += 1
        for name in _COUNTS:
            total[name] += body["tokens"][name]
    listed: list[Any] = [
        {"model": model, "quantisation": quantisation, "job": job, **total}
        for (model, quantisation, job), total in sorted(totals.items())
    ]
    fields: JsonObject = {
        "day": day,
        "worker": worker,
        "submitter": submitter,
        "receipts": len(digests),
        "root": receipts_root(digests),
        "totals": listed,
    }
    return Day(day, worker, submitter, fields)


def receipts_root(digests: Iterable[str]) -> str:
    """The RFC 6962 root over receipt digests (64 hexadecimal digits each), in ascending order."""
    return tree_root(bytes.fromhex(one) for one in sorted(digests)).hex()


def _refused(rule: str) -> Refused:
    return Refused(rule, RULES[rule])
