"""The network itself: it carries packets between nodes through the weather, from one seeded source of chance."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from compute_mesh.transport.memory.weather import CALM, Lie, Weather

_HEAD_BYTES: Final = 32


@dataclass(slots=True)
class Counts:
    """What happened to packets so far."""

    sent: int = 0
    lost: int = 0
    doubled: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Packet:
    """``deliver`` runs at the receiver, ``give_up`` at the sender when no copy arrived in time."""

    source: str
    target: str
    size: int
    deliver: Callable[[], None]
    give_up: Callable[[], None]
    wanted: Callable[[], bool]  #: whether its connection still stands at the sender
    first: float = 0.0
    tries: int = 0


@dataclass
class Network:
    """Nodes, and what lies between them. Everything happens on the running loop, in an order that ``seed`` decides."""

    seed: int
    weather: Weather = CALM
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        """Nothing is connected yet."""
        self._chance = random.Random(self.seed)  # noqa: S311 (a simulation repeats; it guards nothing)
        self._sides: dict[str, int] = {}
        self._free_at: dict[str, float] = {}
        self.listeners: dict[str, object] = {}
        self.lies: dict[str, Lie] = {}

    def name(self, label: str) -> str:
        """The id that stands for ``label``: 64 hexadecimal digits."""
        return hashlib.sha256(f"memory/{label}".encode()).hexdigest()

    def part(self, groups: Sequence[Collection[str]]) -> None:
        """Nothing passes between these groups of ids from now on; who is in none is with the first."""
        self._sides = {node: number for number, group in enumerate(groups) for node in group}

    def heal(self) -> None:
        """Everything passes again."""
        self._sides = {}

    def lie(self, node: str, lie: Lie | None) -> None:
        """Let ``node`` write what ``lie`` makes of its bytes; None: it is honest again."""
        if lie is None:
            self.lies.pop(node, None)
        else:
            self.lies[node] = lie

    def kill(self, node: str) -> None:
        """Let ``node`` vanish without a word, as a process that is killed: its peers notice by their own deadlines."""
        self.listeners.pop(node, None)

    def alive(self, node: str) -> bool:
        """Whether ``node`` is there."""
        return node in self.listeners

    def send(self, packet: Packet) -> None:
        """Carry a packet, once or twice, now or after several tries."""
        loop = asyncio.get_running_loop()
        packet.first = loop.time()
        self._try(packet, loop)

    def _try(self, packet: Packet, loop: asyncio.AbstractEventLoop) -> None:
        if not packet.wanted() or not self.alive(packet.source):
            return
        weather, chance = self.weather, self._chance
        self.counts.sent += 1
        self.counts.bytes += packet.size
        leaves = self._leaves(packet, loop.time())
        copies = 1 + (chance.random() < weather.duplicates)
        self.counts.doubled += copies - 1
        arrives = False
        for _ in range(copies):
            if chance.random() < weather.loss or not self._passes(packet):
                self.counts.lost += 1
                continue
            arrives = True
            loop.call_at(leaves + weather.delay + weather.jitter * chance.random(), self._arrive, packet)
        if arrives:
            return
        packet.tries += 1
        again = leaves + weather.again * 2 ** min(packet.tries - 1, 6)
        if again - packet.first > weather.patience:
            loop.call_at(packet.first + weather.patience, packet.give_up)
        else:
            loop.call_at(again, self._try, packet, loop)

    def _arrive(self, packet: Packet) -> None:
        if self.alive(packet.target):
            packet.deliver()

    def _passes(self, packet: Packet) -> bool:
        sides = self._sides
        return self.alive(packet.target) and sides.get(packet.source, 0) == sides.get(packet.target, 0)

    def _leaves(self, packet: Packet, now: float) -> float:
        """When the last bit of a packet has left its sender."""
        if not self.weather.bytes_per_second:
            return now
        begins = max(now, self._free_at.get(packet.source, 0.0))
        self._free_at[packet.source] = begins + (packet.size + _HEAD_BYTES) / self.weather.bytes_per_second
        return self._free_at[packet.source]
