"""The submitter's side of audits by others: jobs that are marked for it are kept a while, and handed to whom is drawn.

Who audits is drawn by a document of a third node that did not exist when the receipt was signed. What is kept for it
lies in memory alone, within bounds; a job marked ``none``, or one that only some may read, is never kept.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from compute_mesh.audit.policy import Candidate, auditors, is_drawn, may_be_read, rate
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.calling import CONSIDERING
from compute_mesh.jobservice.evidence import Evidence
from compute_mesh.jobservice.places import Peers
from compute_mesh.jobservice.seen import Nodes
from compute_mesh.jobservice.wire import Line
from compute_mesh.transport.failures import Malformed, TransportFailed
from compute_mesh.transport.interface import Stream
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document
from substrate.record.keys import Signer
from substrate.record.schemas.jobs import PrivacyClass

#: Classes of privacy that an auditor whom nobody chose has.
READABLE: Final[frozenset[PrivacyClass]] = frozenset({"public", "member"})
#: What is kept: jobs, bytes of one, of one of type C with its checkpoint, and of all, seconds. Where days are settled a
#: beacon comes within a day.
MOST_KEPT: Final = 256
MOST_BYTES: Final = 16 << 20
MOST_TRAINING: Final = 64 << 20
MOST_TOGETHER: Final = 128 << 20
_KEPT_SECONDS: Final = 26 * 3600.0
_LOOK_SECONDS: Final = 60.0

#: The digest of the first document that may draw: by a third node, later than a time; parties: worker and submitter.
Beacon = Callable[[str, tuple[str, str]], Awaitable["Drawn | None"]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What draws: a document's digest, and who signed it, who therefore does not audit."""

    beacon: str
    signer: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A job that may be audited, the submitter's word on it, and until when it is kept (of the loop's clock)."""

    evidence: Evidence
    acceptance: Document
    until: float


@dataclass(eq=False)
class Handing:
    """Jobs of this home that wait for an auditor. ``candidate`` says whose a node is."""

    signer: Signer
    peers: Peers
    nodes: Nodes
    beacon: Beacon
    candidate: Callable[[str], Candidate]
    streak: Callable[[str], int]
    kept: dict[str, Kept] = field(default_factory=dict)

    def remember(self, evidence: Evidence, acceptance: Document) -> None:
        """A job of ours was done by ``receipt``'s signer; the oldest goes where there are too many."""
        manifest, receipt = evidence.manifest, evidence.receipt
        fits = may_be_read(manifest.assurance, probe=False) and manifest.privacy in READABLE
        again = manifest.job != "lora" or evidence.segment is not None  # On texts of another nothing is done again.
        if not (fits and again) or receipt.signer == self.signer.did or evidence.size > most_bytes(manifest):
            return
        until = asyncio.get_running_loop().time() + _KEPT_SECONDS
        self.kept[receipt.digest] = Kept(evidence, acceptance, until)
        while len(self.kept) > MOST_KEPT or sum(k.evidence.size for k in self.kept.values()) > MOST_TOGETHER:
            del self.kept[next(iter(self.kept))]

    async def run(self) -> None:
        """Look for auditors until it is cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.look()

    async def look(self) -> list[str]:
        """Hand over what has its beacon by now; the auditors that took one."""
        found, clock = [], asyncio.get_running_loop().time()
        for digest, kept in list(self.kept.items()):
            if kept.until <= clock:
                del self.kept[digest]
            elif (drawn := await self._drawn(kept.evidence)) is not None:
                worker = kept.evidence.receipt.signer
                if not is_drawn(digest, drawn.beacon, rate(self.streak(worker))):
                    del self.kept[digest]
                elif (auditor := await self._offered(kept, drawn)) is not None:
                    found.append(auditor)
                    self.kept.pop(digest, None)
        return found

    async def _drawn(self, evidence: Evidence) -> Drawn | None:
        return await self.beacon(evidence.receipt.body["ended"], (evidence.receipt.signer, self.signer.did))

    async def _offered(self, kept: Kept, drawn: Drawn) -> str | None:
        """The first in the order that was drawn who takes it."""
        parties = [self.candidate(one) for one in (kept.evidence.receipt.signer, self.signer.did)]
        live = [one.node for one in await self.nodes() if one.admitted and one.standing != "quarantined"]
        others = [self.candidate(node) for node in live if node not in (drawn.signer, self.signer.did)]
        for auditor in auditors(kept.evidence.receipt.digest, drawn.beacon, parties, others):
            with contextlib.suppress(TransportFailed, Malformed):
                stream = await self.peers.open(auditor)
                try:
                    if await hand_over(stream, kept, drawn.beacon):
                        return auditor
                finally:
                    await stream.stop()
        return None


def most_bytes(manifest: Manifest) -> int:
    """Bytes of a job that is kept and handed over, at most."""
    return MOST_TRAINING if manifest.job == "lora" else MOST_BYTES


async def hand_over(stream: Stream, kept: Kept, beacon: str) -> bool:
    """Offer a job to an auditor, and give what it is about; whether it was taken.

    Raises:
        TransportFailed: it is gone. Malformed: it broke a rule.
    """
    line, evidence = Line(stream), kept.evidence
    papers = {"manifest": evidence.manifest.document, "receipt": evidence.receipt, "acceptance": kept.acceptance}
    told: JsonObject = {name: paper.raw.decode("utf-8") for name, paper in papers.items()}
    segment = evidence.segment
    if segment is not None:
        about = {"number": segment.number, "states": len(segment.states), "start": len(segment.start)}
        told |= {"segment": about}
    await line.say({"op": "audit", **told, "beacon": beacon, "outputs": list(evidence.outputs)})
    if (await line.hear(CONSIDERING)).get("op") != "send":
        return False
    trail = (bytes.fromhex("".join(segment.states)), segment.start) if segment is not None else ()
    for data in (*evidence.inputs, *evidence.outputs.values(), *trail):
        await line.give(data)
    return (await line.hear(CONSIDERING)).get("op") == "taken"
