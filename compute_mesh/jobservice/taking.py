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
from compute_mesh.jobservice.handing import READABLE, most_bytes
from compute_mesh.jobservice.trail import BEGINNING, Segment, leaves_trail, trail_root
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
    "class": "a training that this node would do in another engine class, where its bytes prove nothing",
    "related": "this node, or its owner, is too near to a party",
    "beacon": "the document that should have drawn this auditor is not known here, or does not draw it",
    "size": "more bytes than an auditor takes",
}


class Auditor(Protocol):
    """What takes jobs in; the auditor's desk."""

    def takes(self, manifest: Manifest, receipt: Document) -> str:
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
        counts = _counts(offer, manifest)
        sizes = [(blob["root"], blob["bytes"]) for blob in (*blobs_of(manifest), *receipt.body["outputs"])]
        if len(names) != len(receipt.body["outputs"]):
            raise Malformed("as many names as outputs")
        size = sum(size for _, size in sizes) + (counts.size if counts is not None else 0)
        if rule := await self._refusal(manifest, receipt, beacon, size):
            await line.say({"op": "refuse", "rule": rule, "sentence": RULES[rule]})
            await line.finish()
            return
        await line.say({"op": "send"})
        parts = [await _part(line, root, size) for root, size in sizes]
        inputs, outputs = parts[: -len(names)], parts[-len(names) :]
        segment = await _segment(line, counts, receipt) if counts is not None else None
        named = dict(zip(names, outputs, strict=True))
        self.auditor.take(Evidence(manifest, receipt, inputs, named, segment), beacon)
        await line.say({"op": "taken"})
        await line.finish()

    async def _refusal(self, manifest: Manifest, receipt: Document, beacon: str, size: int) -> str:
        if not may_be_read(manifest.assurance, probe=False) or manifest.privacy not in READABLE:
            return "consent"
        if size > most_bytes(manifest):
            return "size"
        if rule := self.auditor.takes(manifest, receipt):
            return rule
        parties = receipt.signer, manifest.submitter
        return "" if await self.holds(beacon, receipt.body["ended"], parties) else "beacon"


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


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of a segment that is offered: the state from which it goes on, how many there are, and bytes of that one."""

    number: int
    states: int
    start: int

    @property
    def size(self) -> int:
        return self.states * len(BEGINNING) // 2 + self.start


def _counts(offer: JsonObject, manifest: Manifest) -> _Counts | None:
    """None for a job of another type."""
    told = offer.get("segment")
    if (told is not None) != leaves_trail(manifest):
        raise Malformed("a segment of a training that may be done again, and of nothing else")
    if told is None:
        return None
    if not isinstance(told, dict) or told.keys() != {"number", "states", "start"}:
        raise Malformed("a segment")
    if not all(type(one) is int and 0 <= one <= most_bytes(manifest) for one in told.values()):
        raise Malformed("a count")
    if told["number"] >= told["states"]:
        raise Malformed("a segment that begins with one of its states")
    return _Counts(**told)


async def _segment(line: Line, counts: _Counts, receipt: Document) -> Segment:
    """The states that the receipt commits to, and that from which the segment goes on."""
    width = len(BEGINNING) // 2
    roots = await line.take(counts.states * width)
    states = tuple(roots[start : start + width].hex() for start in range(0, len(roots), width))
    if trail_root(states) != receipt.body.get("evidence"):
        raise Malformed("states that the receipt does not commit to")
    if states[counts.number] == BEGINNING:
        if counts.start:
            raise Malformed("bytes of a beginning, which has none")
        return Segment(states, counts.number, b"")
    return Segment(states, counts.number, await _part(line, states[counts.number], counts.start))
