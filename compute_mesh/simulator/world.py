"""One run of a plan: everybody meets somebody from time to time, until all that are honest hold the same."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compute_mesh.ledger.messages import PROTOCOL as LEDGER
from compute_mesh.simulator.checks import shared_checks
from compute_mesh.simulator.nodes import Forker, Node, PieceLiar
from compute_mesh.simulator.plan import Plan
from compute_mesh.simulator.witness import Witness
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.network import Network
from compute_mesh.transport.memory.weather import Lie
from compute_mesh.transport.serving import cancel_all


@dataclass
class Verdict:
    """What a run showed. Pairs are (victim or accuser, the one who is named), by label."""

    seed: int
    converged: bool = False
    seconds: float = 0.0  #: virtual, until everybody honest held the same
    documents: int = 0
    packets: int = 0
    lost: int = 0
    forks: int = 0
    blobs_fetched: int = 0
    blobs_wanted: int = 0
    state: str = ""
    wrong_pieces: int = 0  #: that arrived in full, as somebody independent saw it
    unnamed: list[tuple[str, str]] = field(default_factory=list)  #: victims that do not name their liar
    slandered: list[tuple[str, str]] = field(default_factory=list)  #: honest nodes that were named
    lies_in_sync: int = 0

    @property
    def holds(self) -> bool:
        """Whether everything is as it must be."""
        return self.converged and not self.unnamed and not self.slandered and self.blobs_fetched == self.blobs_wanted


def simulate(plan: Plan, seed: int, folder: Path) -> Verdict:
    """Run ``plan``; homes are made in ``folder``."""
    with shared_checks():
        return run_virtually(_World(plan, seed, folder).run())


class _World:
    def __init__(self, plan: Plan, seed: int, folder: Path) -> None:
        self.plan, self.seed, self.folder = plan, seed, folder
        self.chance = random.Random(seed)  # noqa: S311 (a simulation repeats; it guards nothing)
        self.network = Network(seed, plan.weather)
        liars = round(plan.liars * plan.nodes)
        kinds: list[type[Node]] = [(Forker, PieceLiar, Node)[number % 3] for number in range(liars)]
        self.liars = [self._node(kind, f"liar {n}") for n, kind in enumerate(kinds)]
        self.honest = [self._node(Node, f"node {n}") for n in range(plan.nodes - liars)]
        self.nodes = [*self.honest, *self.liars]
        self.labels = {node.transport.id: node.label for node in self.nodes}
        self.garblers = [node for node in self.liars if type(node) is Node]
        for node in self.garblers:
            self.network.lie(node.transport.id, self._garble())
        self.indexes: dict[str, bytes] = {}
        self.witnesses: dict[str, Witness] = {}
        self.verdict = Verdict(seed)

    async def run(self) -> Verdict:
        loop = asyncio.get_running_loop()
        holders = self._put_blobs()
        tasks = [asyncio.create_task(node.serve()) for node in self.nodes]
        tasks += [asyncio.create_task(self._mingle(node)) for node in self.nodes]
        tasks += [asyncio.create_task(self._history())]
        fetches = [asyncio.create_task(self._fetch(node, holders)) for node in self._fetchers()]
        try:
            await asyncio.gather(*fetches)
            while loop.time() < self.plan.most and not self._agreed():
                await asyncio.sleep(self.plan.every / 4)
        finally:
            await cancel_all(tasks)
        self.verdict.seconds = loop.time()
        self._judge()
        for node in self.nodes:
            node.close()
        return self.verdict

    # What happens.

    async def _history(self) -> None:
        plan = self.plan
        events = [(when, "burst") for when in plan.bursts] + [(plan.parted[0], "part"), (plan.parted[1], "heal")]
        for when, what in sorted(events):
            await asyncio.sleep(max(0.0, when - asyncio.get_running_loop().time()))
            if what == "burst":
                forkers = [node for node in self.liars if isinstance(node, Forker)]
                for node in [*self.honest[: plan.writers], *forkers]:
                    node.write(plan.documents)
            elif what == "part":
                half = self.chance.sample(self.nodes, len(self.nodes) // 2)
                self.network.part([[], [node.transport.id for node in half]])
            else:
                self.network.heal()

    async def _mingle(self, node: Node) -> None:
        """Begin a meeting with somebody, again and again."""
        chance = random.Random(f"{self.seed}/{node.label}")  # noqa: S311
        others = [other for other in self.nodes if other is not node]
        await asyncio.sleep(chance.uniform(0, self.plan.every))
        while True:
            await node.meet(chance.choice(others))
            await asyncio.sleep(self.plan.every * chance.uniform(0.5, 1.5))

    async def _fetch(self, node: Node, holders: dict[str, list[Node]]) -> None:
        chance = random.Random(f"{self.seed}/{node.label}/fetch")  # noqa: S311
        root = chance.choice(sorted(holders))
        witness = self.witnesses[node.label] = Witness(self.indexes)
        await asyncio.sleep(chance.uniform(0, self.plan.parted[1]))
        self.verdict.blobs_wanted += 1
        for _ in range(20):
            willing = [other for other in holders[root] if other is not node]
            await node.fetch(root, chance.sample(willing, min(self.plan.providers, len(willing))), witness)
            if root in node.fetched:
                self.verdict.blobs_fetched += 1
                return
            await asyncio.sleep(self.plan.every)

    # How it begins.

    def _node(self, kind: type[Node], label: str) -> Node:
        return kind(self.network, self.folder, label, self.seed)

    def _put_blobs(self) -> dict[str, list[Node]]:
        """Blobs at some nodes, every liar about pieces among them; who has which."""
        found: dict[str, list[Node]] = {}
        lying = [node for node in self.liars if isinstance(node, PieceLiar)]
        for number in range(self.plan.blobs):
            file = self.folder / f"blob {number}"
            file.write_bytes(self.chance.randbytes(self.plan.blob_bytes))
            honest = self.chance.sample(self.honest, max(2, self.plan.holders - len(lying)))
            root = ""
            for node in [*honest, *lying]:
                root = node.blobs.put(file).root
            self.indexes[root] = honest[0].blobs.index(root)
            found[root] = [*honest, *lying]
        return found

    def _fetchers(self) -> Sequence[Node]:
        without = [node for node in self.honest if not list(node.blobs.roots())]
        return self.chance.sample(without, min(self.plan.fetchers, len(without)))

    def _garble(self) -> Lie:
        chance = random.Random(f"{self.seed}/garble/{len(self.network.lies)}")  # noqa: S311

        def lie(protocol: bytes, peer: str, piece: bytes) -> bytes:
            if protocol != LEDGER or not piece or chance.random() > self.plan.lies:
                return piece
            at = chance.randrange(len(piece))
            return piece[:at] + bytes([piece[at] ^ (1 << chance.randrange(8))]) + piece[at + 1 :]

        return lie

    # How it ends.

    def _agreed(self) -> bool:
        """Whether all bursts are over, and everybody honest holds the same under the same heads."""
        if asyncio.get_running_loop().time() < max(self.plan.bursts) + 1:
            return False
        first = self.honest[0].replica.state().digest
        return all(node.replica.state().digest == first for node in self.honest[1:])

    def _judge(self) -> None:
        verdict, liars = self.verdict, {node.label for node in self.liars}
        states = {node.state() for node in self.honest}
        verdict.converged = len(states) == 1
        verdict.state = min(states)
        verdict.documents = sum(1 for _ in self.honest[0].ledger.documents())
        verdict.packets, verdict.lost = self.network.counts.sent, self.network.counts.lost
        forkers = {node.origin: node.label for node in self.liars if isinstance(node, Forker)}
        verdict.forks = len(self.honest[0].replica.forks())
        for node in self.honest:
            named = {self.labels[one.peer] for one in node.misdeeds}
            lied = {self.labels[peer] for peer, _ in node.lied}
            forked = set(node.replica.forks())
            seen = self.witnesses[node.label].wrong if node.label in self.witnesses else set()
            verdict.wrong_pieces += len(seen)
            verdict.lies_in_sync += len(node.lied)
            victims_of = {self.labels[peer] for peer, _, _ in seen}
            verdict.unnamed += [(node.label, liar) for liar in sorted(victims_of - named)]
            verdict.unnamed += [(node.label, label) for origin, label in forkers.items() if origin not in forked]
            verdict.slandered += [(node.label, one) for one in sorted((named | lied) - liars)]
            verdict.slandered += [(node.label, one) for one in sorted(forked - forkers.keys())]
