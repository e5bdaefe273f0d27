"""The auditor's side of a job that is handed over: whether it may be read here, and its inputs and outputs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from compute_mesh.audit.policy import may_be_read
from compute_mesh.jobs.blobs import blob_root
from compute_mesh.jobs.manifest import Manifest, read_manifest
from compute_mesh.jobs.receipts import check_acceptance, check_receipt
from compute_mesh.jobservice.asked import blobs_of
from compute_mesh.jobservice.evidence import Evidence
from compute_mesh.jobservice.handing import MOST_BYTES, READABLE
from compute_mesh.jobservice.wire import Line, digest_of, text_of, words_of
from compute_mesh.transport.failures import Malformed
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, read_document
from substrate.record.errors import RecordError

#: Why an auditor does not take a job. docs/reference/jobs-protocol.md shows this table.
RULES: Final[dict[str, str]] = {
    "no-audits": "this node does not audit, or has given what it gives today",
    "consent": "the submitter did not mark the job for audits, or not everybody may read it",
    "type": "a job that is not judged here, or a model that is not here",
    "related": "this node, or its owner, is too near to a party",
    "beacon": "the document that should have drawn this auditor is not known here, or does not draw it",
    "size": "more bytes than an auditor takes",
}


class Auditor(Protocol):
    """What takes jobs in; the auditor's desk."""

    def takes(self, manifest: Manifest, worker: str, submitter: str) -> str:
        """Empty, or one of `RULES`: whether it would judge such a job now."""
        ...

    def take(self, evidence: Evidence, beacon: str) -> None:
        """Judge it soon."""
        ...


@dataclass(frozen=True, slots=True)
class Taking:
    """Takes jobs from submitters. ``holds``: whether a beacon is one, for parties and the end of a job."""

    auditor: Auditor
    holds: Callable[[str, str, tuple[str, str]], Awaitable[bool]]

    async def serve(self, line: Line, node: str, offer: JsonObject) -> None:
        """One job that ``node`` offers.

        Raises:
            Malformed: it broke a rule. TransportFailed: it is gone.
        """
        manifest, receipt = _papers(offer, node)
        beacon, names = digest_of(offer, "beacon"), words_of(offer, "outputs")
        sizes = [(blob["root"], blob["bytes"]) for blob in (*blobs_of(manifest), *receipt.body["outputs"])]
        if len(names) != len(receipt.body["outputs"]):
            raise Malformed("as many names as outputs")
        if rule := await self._refusal(manifest, receipt, beacon, sum(size for _, size in sizes)):
            await line.say({"op": "refuse", "rule": rule, "sentence": RULES[rule]})
            await line.finish()
            return
        await line.say({"op": "send"})
        parts = [await _part(line, root, size) for root, size in sizes]
        inputs, outputs = parts[: -len(names)], parts[-len(names) :]
        self.auditor.take(Evidence(manifest, receipt, inputs, dict(zip(names, outputs, strict=True))), beacon)
        await line.say({"op": "taken"})
        await line.finish()

    async def _refusal(self, manifest: Manifest, receipt: Document, beacon: str, size: int) -> str:
        if not may_be_read(manifest.assurance, probe=False) or manifest.privacy not in READABLE:
            return "consent"
        if size > MOST_BYTES:
            return "size"
        worker, submitter = receipt.signer, manifest.submitter
        if rule := self.auditor.takes(manifest, worker, submitter):
            return rule
        return "" if await self.holds(beacon, receipt.body["ended"], (worker, submitter)) else "beacon"


def _papers(offer: JsonObject, node: str) -> tuple[Manifest, Document]:
    """Manifest and receipt, which fit each other, and which the submitter, ``node``, accepted."""
    manifest = read_manifest(text_of(offer, "manifest").encode("utf-8"))
    if not isinstance(manifest, Manifest) or manifest.submitter != node:
        raise Malformed("a job of the node that hands it over")
    try:
        receipt, acceptance = (
            read_document(text_of(offer, name).encode("utf-8")) for name in ("receipt", "acceptance")
        )  # fmt: skip
    except RecordError as error:
        raise Malformed(str(error)) from None
    if check_receipt(receipt, manifest, receipt.signer, 0) or check_acceptance(acceptance, receipt):
        raise Malformed("papers that do not fit each other")
    if receipt.body["outcome"] != "done" or acceptance.body["answer"] != "accepted":
        raise Malformed("a job that was done and accepted")
    return manifest, receipt


async def _part(line: Line, root: str, size: int) -> bytes:
    data = await line.take(size)
    if await asyncio.to_thread(blob_root, data) != root:
        raise Malformed("bytes that their root does not name")
    return data
