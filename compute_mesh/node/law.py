"""What a home's ledger says about jobs: read now and then, and believed for a moment."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from compute_mesh.audit.policy import Candidate
from compute_mesh.jobs.checking import World
from compute_mesh.jobs.models import StandingModel, standing_models
from compute_mesh.jobservice.handing import Drawn
from compute_mesh.node.adapters import withdrawn_adapters
from compute_mesh.node.admitting import admitted_nodes
from compute_mesh.node.beacons import Beacons
from compute_mesh.node.bench import Bench
from compute_mesh.node.context import CommonsLaw
from compute_mesh.node.identity import mesh_folder
from compute_mesh.node.owners import CandidateOf, alone, candidates, may_judge
from governance.queue.shares import Shares
from governance.reputation import UNKNOWN, Reputation, reputations
from substrate.record.documents import Document
from substrate.record.errors import UnknownCommons
from substrate.store.home import Home

#: Seconds for which it is believed who is admitted and which models are approved.
_BELIEVED: Final = 2.0
_AUDITS: Final = ("AuditVerdict", "AuditAppeal", "AuditRuling")


class HomeLaw:
    """What the ledger says about jobs, read now and then; and where their documents are logged."""

    def __init__(self, bench: Bench, own: str, commons: CommonsLaw | None = None) -> None:
        """``own``: this node, which may always ask itself. Without ``commons`` nobody has credit or a floor."""
        self._bench, self._own, self._commons = bench, own, commons
        self._turn = asyncio.Lock()
        self._known: tuple[float, World] | None = None
        self.commons = bench.home.commons
        #: Of each worker that was audited what the audits come to; the others are on probation.
        self.standings: dict[str, Reputation] = {}
        self.candidate: CandidateOf = alone
        #: Whose a node is, what they can spend and the floor; None where that cannot be read.
        self.shares: Shares | None = None
        self._beacons = Beacons()

    async def world(self, now: str) -> World:
        """See `Law`. What cannot be read approves and admits nobody."""
        async with self._turn:
            if self._known is None or time.monotonic() - self._known[0] > _BELIEVED:
                read = await self._bench.run(lambda: _read(self._bench.home, self._own, self._commons, now))
                self.standings, self.candidate, self.shares = read.standings, read.candidate, read.shares
                self._known = time.monotonic(), read.world
            return self._known[1]

    async def models(self, now: str) -> list[StandingModel]:
        """Approvals in force that may be used now."""
        return [one for one in (await self.world(now)).models.values() if not one.revoked and not one.expired(now)]

    def streak(self, worker: str) -> int:
        """How many audits of a worker in a row were consistent, by what was last read."""
        return self.standings.get(worker, UNKNOWN).streak

    def candidate_of(self, node: str) -> Candidate:
        """Whose a node is, by what was last read."""
        return self.candidate(node)

    async def beacon(self, after: str, parties: tuple[str, str]) -> Drawn | None:
        """What draws the auditor of a receipt that was signed at ``after``; None as long as there is nothing."""
        return await self._bench.run(lambda: self._beacons.first(self._bench.home, after, parties))

    async def draws(self, beacon: str, after: str, parties: tuple[str, str]) -> bool:
        """Whether a document of another node may draw this one as the auditor of such a receipt."""
        drawn = await self._bench.run(lambda: self._beacons.named(self._bench.home, beacon, after, parties))
        return drawn is not None and drawn.signer != self._own

    async def log(self, papers: Sequence[Document]) -> None:
        """See `Law`."""
        await self._bench.run(lambda: log_papers(self._bench.home, papers))


@dataclass(frozen=True)
class _Read:
    """What one look at the home found."""

    world: World
    standings: dict[str, Reputation]
    candidate: CandidateOf
    shares: Shares | None


def _read(home: Home, own: str, commons: CommonsLaw | None, now: str) -> _Read:
    audits, candidate, world = home.ledger.documents(kinds=_AUDITS), candidates(home), _world_of(home, own, now)
    try:
        standings = reputations(audits, home.roles(), now[:10], may_judge(candidate))
        if commons is None:
            return _Read(world, standings, candidate, None)
        stopping = replace(world, stops=commons.stops(home, now))
        return _Read(stopping, standings, candidate, commons.shares(home, now))
    except UnknownCommons:
        return _Read(world, {}, candidate, None)


def _world_of(home: Home, own: str, now: str) -> World:
    try:
        models = standing_models(home.roles())
    except UnknownCommons:
        models = {}
    withdrawn = withdrawn_adapters(home, home.roles(), mesh_folder(home.path), now) if models else frozenset[str]()
    return World(home.commons, now, models, admitted_nodes(home) | {own}, withdrawn=withdrawn)


def log_papers(home: Home, papers: Sequence[Document]) -> None:
    """Put documents into a home's log, all at once."""
    with home.ledger.write() as writer:
        for one in papers:
            writer.add(one)
