"""Trust as a flow: however many keys stand behind a few careless vouches, only so many become members.

After Levien's Advogato metric: trust flows from the seeds along vouches; a person d steps from the nearest seed passes
on no more than its capacity less the one unit that it uses up itself. So the false keys behind a set of persons who
vouched for them are at most the sum of those persons' capacities.

A maximum flow says how many can be members, not who: that depends on the algorithm. The sets that the flow can carry
are the independent sets of a matroid (a gammoid). So whoever comes first in a fixed order is carried if possible, and
the result is one set, whatever way it is computed.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

Edges = Mapping[str, frozenset[str]]
_SOURCE: Final = -1


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a seed carries, and by what each step from it is divided (rounded down, at least 1)."""

    seed: int
    fan_out: int

    def at(self, distance: int) -> int:
        """Of a person so many steps from the nearest seed."""
        divided: int = self.seed // self.fan_out ** min(distance, 32)
        return max(1, divided)


def seeds_of(named: Iterable[str], most: int, commons_seed: str, rotation: int) -> list[str]:
    """The named members with the smallest SHA-256(seed ‖ ":" ‖ rotation ‖ ":" ‖ key), at most ``most`` of them."""
    return sorted(named, key=lambda key: _rank(commons_seed, rotation, key))[:most]


def reached(edges: Edges, seeds: list[str], capacity: Capacity, commons_seed: str, rotation: int) -> frozenset[str]:
    """The persons whom the flow carries, the seeds among them.

    They are taken by distance from the nearest seed, then by the same hash as the seeds.
    """
    distance = _distances(edges, seeds)
    order = sorted(distance, key=lambda key: (distance[key], _rank(commons_seed, rotation, key)))
    number = {key: place for place, key in enumerate(order)}
    followers = [[number[other] for other in sorted(edges.get(key, ()), key=number.__getitem__)] for key in order]
    network = _Network(followers, [capacity.at(distance[key]) for key in order], len(seeds))
    return frozenset(key for place, key in enumerate(order) if network.carry(place))


def _rank(commons_seed: str, rotation: int, key: str) -> bytes:
    return hashlib.sha256(f"{commons_seed}:{rotation}:{key}".encode()).digest()


def _distances(edges: Edges, seeds: list[str]) -> dict[str, int]:
    distance = dict.fromkeys(seeds, 0)
    layer = list(distance)
    while layer:
        layer = [other for key in layer for other in edges.get(key, ()) if other not in distance]
        step = len(layer) and max(distance.values()) + 1
        distance.update(dict.fromkeys(layer, step))
    return distance


class _Network:
    """Residual capacities. Place 2p is where trust enters person p, 2p + 1 where it leaves; the first are seeds.

    A search goes backwards from the person to be carried. What it visits in vain can never reach the source later
    either, since no later path leads through it: it is left out from then on, so that all searches in vain together
    visit everything once.
    """

    def __init__(self, followers: list[list[int]], capacities: list[int], seeds: int) -> None:
        self.before: list[list[int]] = [[] for _ in followers]
        for person, others in enumerate(followers):
            for other in others:
                self.before[other].append(person)
        self.through = [capacity - 1 for capacity in capacities]
        self.from_source = [capacities[person] if person < seeds else 0 for person in range(len(followers))]
        self.passed = [0] * len(followers)
        self.flow: list[dict[int, int]] = [{} for _ in followers]
        self.dead = bytearray(2 * len(followers))

    def carry(self, person: int) -> bool:
        """Carry one unit to ``person`` beside all carried before, if that is possible."""
        path = self._search(2 * person)
        if path is None:
            return False
        self.from_source[path[-1] // 2] -= 1
        for later, earlier in pairwise(path):
            self._push(earlier, later)
        return True

    def _search(self, target: int) -> list[int] | None:
        """Places from ``target`` back to one that the source still feeds."""
        came: dict[int, int] = {target: _SOURCE}
        stack = [target] if not self.dead[target] else []
        while stack:
            place = stack.pop()
            if not place & 1 and self.from_source[place // 2] > 0:
                return _way(place, came)
            for earlier in reversed(self._earlier(place)):
                if earlier not in came and not self.dead[earlier]:
                    came[earlier] = place
                    stack.append(earlier)
        for place in came:
            self.dead[place] = 1
        return None

    def _earlier(self, place: int) -> list[int]:
        """Places from which a unit can come to ``place``."""
        person = place // 2
        if place & 1:
            entrance = [2 * person] if self.through[person] > 0 else []
            return entrance + [2 * other for other, units in self.flow[person].items() if units]
        leaving = [2 * other + 1 for other in self.before[person]]
        return [*leaving, place + 1] if self.passed[person] else leaving

    def _push(self, earlier: int, later: int) -> None:
        giver, taker = earlier // 2, later // 2
        if giver == taker:
            units = 1 if later & 1 else -1
            self.through[giver] -= units
            self.passed[giver] += units
        elif earlier & 1:
            self.flow[giver][taker] = self.flow[giver].get(taker, 0) + 1
        else:
            self.flow[taker][giver] -= 1


def _way(place: int, came: dict[int, int]) -> list[int]:
    path = [place]
    while came[path[-1]] != _SOURCE:
        path.append(came[path[-1]])
    return path[::-1]
