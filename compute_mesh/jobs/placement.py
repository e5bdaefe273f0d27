"""Which job begins where: pure and seeded. The same jobs, nodes and seed give the same places on every machine.

Jobs with the same wants form a group; each group has a heap of the nodes that fit it. A node is in many heaps, and its
place in one grows old when a job of another group takes a slot of it: then it is put back where it belongs now.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from compute_mesh.jobs.asks import FINAL, Ask, Node, Placed
from compute_mesh.jobs.fitting import fitting

#: What an unmeasured node is taken for, in tokens a second, and how much less probation counts.
_UNMEASURED: Final = 1.0
_PROBATION: Final = 0.5
#: Classes for which the submitter decides over the nodes; and somebody who owns none.
_PERSONAL: Final = ("own-node", "trusted")
_NOBODY: Final = "nobody"


class _Wants(NamedTuple):
    """What decides over the nodes that fit. ``person`` and ``trusted`` only where they decide."""

    kind: str
    model: str
    memory: int
    parameters: int
    interactive: bool
    privacy: str
    checked: bool
    quorum: int
    federated: bool
    holder: str
    person: str
    trusted: frozenset[str]


class _Entry(NamedTuple):
    """A node in a heap: by how much of it is taken, then the best, then by lot. ``busy``: slots taken then."""

    taken: float
    worst: float
    lot: bytes
    place: int
    busy: int


def place(asks: Iterable[Ask], nodes: Iterable[Node], seed: bytes) -> Placed:
    """Give jobs to free slots: first each node's own people's, then everybody's in turn.

    Args:
        seed: 32 bytes that nobody could choose, such as the digest of a later head: it decides ties.
    """
    ordered = sorted(nodes, key=lambda node: node.node)
    return _Placing(ordered, seed).run(in_turn(asks))


def in_turn(asks: Iterable[Ask]) -> list[Ask]:
    """By priority; then those for which somebody waits; then everybody's first job, everybody's second, and so on."""
    earlier = Counter[tuple[int, bool, str]]()
    keyed: list[tuple[tuple[int, bool, int, float, str], Ask]] = []
    for ask in sorted(asks, key=lambda ask: (ask.arrival, ask.job)):
        group = (ask.priority, not ask.interactive, ask.person)
        keyed.append(((group[0], group[1], earlier[group], ask.arrival, ask.job), ask))
        earlier[group] += 1
    return [ask for _, ask in sorted(keyed, key=lambda pair: pair[0])]


class _Placing:
    def __init__(self, nodes: Sequence[Node], seed: bytes) -> None:
        self.nodes = nodes
        self.busy = [node.busy for node in nodes]
        self.placed = Placed()
        self.index = {node.node: index for index, node in enumerate(nodes)}
        self.lots = [hashlib.sha256(seed + node.node.encode()).digest()[:8] for node in nodes]
        self.people = self._people()
        self.heaps: dict[_Wants, list[_Entry]] = {}
        self.reasons: dict[_Wants, str] = {}
        self.queues = Counter[_Wants]()

    def _people(self) -> dict[str, set[int]]:
        """For each person the nodes that run their jobs before others'."""
        found: dict[str, set[int]] = defaultdict(set)
        for index, node in enumerate(self.nodes):
            for person in (node.owner, *node.friends):
                found[person].add(index)
        return found

    def run(self, asks: list[Ask]) -> Placed:
        left = [ask for ask in asks if not (ask.person in self.people and self._near(ask))]
        for ask in left:
            self._anywhere(ask)
        return self.placed

    def _near(self, ask: Ask) -> bool:
        """Place a job of one node on a node of its own people; False where that does not do."""
        if ask.quorum > 1:
            return False
        near = [self.nodes[index] for index in sorted(self.people[ask.person])]
        found, _ = fitting(ask, near)
        free = [index for node in found if self.busy[index := self.index[node.node]] < node.slots]
        entries = [self._entry(ask.model, index) for index in free]
        if entries:
            self._take(ask, [min(entries).place])
        return bool(entries)

    def _anywhere(self, ask: Ask) -> None:
        wants = self._wants(ask)
        if wants not in self.heaps:
            self._open(ask, wants)
        if reason := self.reasons[wants]:
            if reason in FINAL:
                self.placed.refused[ask.job] = reason
            else:
                self._wait(ask, wants, reason)
            return
        chosen = self._choose(wants, ask)
        if chosen:
            self._take(ask, chosen)
        else:
            self._wait(ask, wants, "busy")

    def _wants(self, ask: Ask) -> _Wants:
        return _Wants(
            ask.kind, ask.model, ask.memory, ask.parameters, ask.interactive, ask.privacy, ask.assurance != "none",
            ask.quorum, ask.federated, ask.holder, ask.person if ask.privacy in _PERSONAL else "",
            ask.trusted if ask.privacy == "trusted" else frozenset(),
        )  # fmt: skip

    def _open(self, ask: Ask, wants: _Wants) -> None:
        """The heap of a group. What a node does for its own people alone was tried before, so nobody is near here."""
        indices: Iterable[int] = range(len(self.nodes))
        if wants.person:
            indices = sorted(
                self.people.get(ask.person, set()) | {self.index[n] for n in ask.trusted & self.index.keys()}
            )
        else:
            ask = replace(ask, owner=_NOBODY)
        found, reason = fitting(ask, [self.nodes[index] for index in indices])
        if wants.person and reason == "no-node" and self.nodes:
            reason = f"privacy-{ask.privacy}"
        if not reason and len({node.owner for node in found}) < ask.quorum:
            reason = "quorum"
        heap = [self._entry(ask.model, self.index[node.node]) for node in found]
        heapify(heap)
        self.heaps[wants], self.reasons[wants] = heap, reason

    def _entry(self, model: str, index: int) -> _Entry:
        node, busy = self.nodes[index], self.busy[index]
        good = (node.models.get(model) or _UNMEASURED) * (0.1 + node.reputation)
        good *= _PROBATION if node.standing == "probation" else 1.0
        return _Entry(busy / node.slots, -good, self.lots[index], index, busy)

    def _choose(self, wants: _Wants, ask: Ask) -> list[int]:
        """As many free nodes of different owners as the job needs, the best first; none unless all are found."""
        heap, chosen, aside = self.heaps[wants], list[_Entry](), list[_Entry]()
        owners = set[str]()
        while heap and len(chosen) < wants.quorum:
            entry = heappop(heap)
            node = self.nodes[entry.place]
            if self.busy[entry.place] >= node.slots:
                continue  # Slots are not given back while jobs are placed.
            if entry.busy != self.busy[entry.place]:
                heappush(heap, self._entry(wants.model, entry.place))
            elif node.owner in owners or (wants.quorum > 1 and node.owner == ask.person):
                aside.append(entry)
            else:
                owners.add(node.owner)
                chosen.append(entry)
        for entry in aside + chosen:
            heappush(heap, entry)
        return [entry.place for entry in chosen] if len(chosen) == wants.quorum else []

    def _take(self, ask: Ask, chosen: list[int]) -> None:
        for index in chosen:
            self.busy[index] += 1
        self.placed.nodes[ask.job] = tuple(self.nodes[index].node for index in chosen)

    def _wait(self, ask: Ask, wants: _Wants, reason: str) -> None:
        self.queues[wants] += 1
        self.placed.waiting[ask.job] = reason
        self.placed.positions[ask.job] = self.queues[wants]


def continuing(ask: Ask, engine: str, nodes: Iterable[Node]) -> list[Node]:
    """The nodes to offer a job whose node went away and left a checkpoint of the class ``engine``.

    Those of that class, where one may run it: there it goes on. Else all: there it starts over, and says so.
    """
    listed = list(nodes)
    same = [node for node in listed if node.engine == engine]
    return same if fitting(ask, same)[0] else listed
