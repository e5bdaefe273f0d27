"""The auditor's desk: probes go to live workers at the policy's rate, others' jobs come in that were drawn for it.

What comes back, or in, is judged, and the verdict told in the ledger.

A probe is a job: the same protocol, receipt and acceptance, and it is settled like any other. Its worker learns of it
from the verdict.
"""

import asyncio
import contextlib
import secrets
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from random import Random, SystemRandom
from typing import Any, Final

from compute_mesh.audit.policy import is_drawn, rate
from compute_mesh.audit.telling import write_verdict
from compute_mesh.jobs.asks import Node
from compute_mesh.jobs.checking import Accepted, check
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.receipts import write_acceptance
from compute_mesh.jobservice.auditstore import AuditStore
from compute_mesh.jobservice.calling import Call, NotTaken, Worked
from compute_mesh.jobservice.events import CannotRun, Told
from compute_mesh.jobservice.evidence import Evidence
from compute_mesh.jobservice.handing import MOST_TRAINING
from compute_mesh.jobservice.judging import Judge, cost
from compute_mesh.jobservice.places import Peers
from compute_mesh.jobservice.probing import Probe, Texts, fits, make_probe, plain_moulds
from compute_mesh.jobservice.seen import Nodes
from compute_mesh.jobservice.store import JobStore
from compute_mesh.jobservice.working import Law
from compute_mesh.transport.failures import Malformed, TransportFailed
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document
from substrate.record.keys import Signer
from substrate.record.times import days_after

#: Manifests that serve as moulds: the last ones that this node wrote or was brought.
_MOULDS: Final = 200
#: Seconds between two looks at who is due.
_TICK: Final = 1.0
#: Seconds after which a worker that had no time, or was away, is looked at again.
_SOON: Final = 30.0
#: Jobs that were handed over and wait to be judged.
_MOST_WAITING: Final = 8
#: Days for which evidence is kept that accuses nobody.
KEPT_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Spending:
    """What the operator gives to audits: seconds between two looks at one worker on average, tokens of probes a day."""

    seconds: float = 600.0
    daily: int = 20_000


@dataclass(eq=False)
class AuditDesk:
    """The audits that this node makes.

    ``may_audit`` says whether a worker is somebody else's whom nobody here is close to; ``streak`` how many of its
    audits in a row were consistent; ``lied`` notes a broken rule; ``wrong`` a fault of this home.
    """

    law: Law
    store: JobStore
    audits: AuditStore
    judge: Judge
    signer: Signer
    peers: Peers
    nodes: Nodes
    texts: Texts
    may_audit: Callable[[str], bool]
    streak: Callable[[str], int]
    lied: Callable[[str, str], None]
    now: Callable[[], str]
    spending: Spending = field(default_factory=Spending)
    quiet: Callable[[], bool] = lambda: False
    wrong: Callable[[Exception], object] = lambda _: None
    chance: Random = field(default_factory=SystemRandom)
    _due: dict[str, float] = field(default_factory=dict)
    _waiting: deque[tuple[Evidence, str]] = field(default_factory=deque)

    async def run(self) -> None:
        """Look at workers until it is cancelled."""
        while True:
            await asyncio.sleep(min(_TICK, self.spending.seconds / 4))
            try:
                await self.look()
            except Exception as error:  # A fault with one probe must not end all audits.
                self.wrong(error)
                await asyncio.sleep(_SOON)

    def takes(self, manifest: Manifest, receipt: Document) -> str:
        """See `compute_mesh.jobservice.taking.Auditor`."""
        worker, submitter = receipt.signer, manifest.submitter
        if self.signer.did in (worker, submitter) or not (self.may_audit(worker) and self.may_audit(submitter)):
            return "related"
        if not self.judge.can(manifest):
            return "type"
        if not self.judge.same_class(manifest, receipt):
            return "class"
        full = len(self._waiting) >= _MOST_WAITING or sum(one.size for one, _ in self._waiting) >= MOST_TRAINING
        spent = self.audits.spent(self.now()[:10]) >= self.spending.daily
        return "no-audits" if spent or self.quiet() or full else ""

    def take(self, evidence: Evidence, beacon: str) -> None:
        """See `compute_mesh.jobservice.taking.Auditor`: it is judged at the next look."""
        self._waiting.append((evidence, beacon))

    async def look(self) -> list[Document]:
        """Judge what was handed over, and probe whoever is due and drawn; the verdicts."""
        found = await self._handed()
        today = self.now()[:10]
        if self.quiet() or await asyncio.to_thread(self.audits.spent, today) >= self.spending.daily:
            return found
        clock = asyncio.get_running_loop().time()
        for node in await self.nodes():
            if node.node == self.signer.did or node.standing == "quarantined" or not self.may_audit(node.node):
                continue
            if self._due.setdefault(node.node, clock + self._pause(0.5)) > clock:
                continue
            if node.draining or node.quiet or node.capped or node.busy >= node.slots:
                self._due[node.node] = clock + _SOON
                continue
            self._due[node.node] = clock + self._pause(1.0)
            world = await self.law.world(self.now())
            if is_drawn(secrets.token_hex(32), secrets.token_hex(32), rate(self.streak(node.node))):
                verdict = await self._probe(node, world.commons)
                found += [verdict] if verdict is not None else []
        if found:
            await asyncio.to_thread(self.audits.tidy, days_after(self.now(), -KEPT_DAYS)[:10])
        return found

    async def _handed(self) -> list[Document]:
        found = []
        while self._waiting:
            evidence, beacon = self._waiting.popleft()
            receipt, manifest = evidence.receipt, evidence.manifest
            await asyncio.to_thread(self.audits.begin, manifest.digest, receipt.signer, self.now()[:10])
            await asyncio.to_thread(self.audits.spend, manifest.digest, cost(manifest, receipt))
            with contextlib.suppress(CannotRun):  # A model went: nothing can be said.
                verdict = await self._told(evidence, manifest.assurance, beacon)
                found += [verdict] if verdict is not None else []
        return found

    def _pause(self, share: float) -> float:
        """Until the next look at one worker: never a beat that it could count."""
        return self.spending.seconds * share * (0.5 + self.chance.random())

    async def _probe(self, node: Node, commons: str) -> Document | None:
        """One probe, from its mould to the verdict; None where there is none to give."""
        moulds = await self._moulds(node)
        if not moulds:
            return None
        try:
            probe = await make_probe(
                self.chance.choice(moulds), self.texts, self.chance, signer=self.signer, commons=commons, now=self.now()
            )
            return await self._sent(node.node, probe)
        except CannotRun:
            return None  # A model went, or wrote nothing: another time.

    async def _moulds(self, node: Node) -> list[JsonObject]:
        seen = [one for one in await asyncio.to_thread(self.store.manifests, _MOULDS) if self.judge.can(one)]
        return [
            one for one in (*(one.body for one in seen), *plain_moulds(self.judge.engine.models())) if fits(one, node)
        ]

    async def _sent(self, node: str, probe: Probe) -> Document | None:
        manifest = probe.manifest
        world = replace(await self.law.world(self.now()), now=self.now())
        if not isinstance(check(manifest.document.raw, world), Accepted):
            return None  # The mould's model is not approved any more.
        await asyncio.to_thread(self.audits.begin, manifest.digest, node, self.now()[:10])
        call = Call(manifest, node, [probe.data], None, _deaf, self._accept(manifest.digest), asyncio.Event())
        try:
            async with asyncio.timeout(manifest.body["limits"]["seconds"]):
                worked = await self.peers.work_there(node, call)
        except Malformed as error:
            self.lied(node, str(error))
            return None
        except (TransportFailed, TimeoutError):
            worked = NotTaken(reason="away")
        if isinstance(worked, NotTaken):
            self._due[node] = asyncio.get_running_loop().time() + _SOON
            return None
        tokens = sum(worked.receipt.body["tokens"].values())
        await asyncio.to_thread(self.audits.spend, manifest.digest, tokens)
        if worked.receipt.body["outcome"] != "done":
            return None
        # The beacon is drawn now, so nobody knew it when the receipt was signed.
        return await self._told(
            Evidence(manifest, worked.receipt, [probe.data], worked.outputs), "probe", secrets.token_hex(32)
        )

    def _accept(self, job: str) -> Callable[[Worked], Awaitable[Document]]:
        """This node's word on the receipt, as a submitter's: before anything is judged, or the delay would tell."""

        async def answer(worked: Worked) -> Document:
            receipt = worked.receipt
            acceptance = write_acceptance(receipt, self.signer, self.now(), f"urn:uuid:{uuid.uuid4()}")
            done = receipt.body["outcome"] == "done"
            await asyncio.to_thread(self.store.file, job, [receipt, acceptance] if done else [receipt])
            if done:
                await self.law.log([acceptance])
            return acceptance

        return answer

    async def _told(self, evidence: Evidence, why: Any, beacon: str) -> Document | None:
        """Judge, keep the evidence, and write the verdict into the ledger, in this order."""
        judged = await self.judge.judge(evidence, beacon, self.now())
        if judged is None:
            return None
        verdict = write_verdict(
            judged.finding, evidence.receipt, why=why, beacon=beacon, evidence=judged.bundle, auditor=self.signer,
            time=self.now(), identifier=f"urn:uuid:{uuid.uuid4()}",
        )  # fmt: skip
        await asyncio.to_thread(self.audits.keep, verdict, judged.bundle)
        await self.law.log([verdict])
        return verdict


async def _deaf(_: Told) -> None:
    """Nobody reads the answer to a probe as it comes."""
    return
