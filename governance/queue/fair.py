"""The queue of one provider: floor jobs by their deadline, then start-time fair queueing by person.

Goyal, Vin, Cheng (1996): a job's start tag is the later of the virtual time and its person's last finish tag; its
finish tag adds tokens over weight; the smallest start tag is served. The weight is the square root of credit, so a
hundred times the credit is ten times the share. Who has none has a small weight, and is never passed over for ever:
every tag is finite, and virtual time goes on with each job that is served.
"""

from collections import deque
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import isqrt
from typing import Final

#: Weight of a person without credit: that of a ten-thousandth of a credit. Weights are in units of 10^-6.
LEAST_WEIGHT: Final = 10**4
_SCALE: Final = 10**12


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job in the queue: its tokens are those asked for at most, ``at`` is in seconds."""

    job: str
    person: str
    tokens: int
    at: int


def weight_of(available: int) -> int:
    """The weight of so many units of credit (10^-12) that can be spent: its square root, in units of 10^-6."""
    return max(LEAST_WEIGHT, isqrt(max(0, available)))


@dataclass
class FairQueue:
    """Jobs that wait. ``seconds``: T, after which a floor job should have ended."""

    seconds: int
    _floor: list[tuple[int, int, Waiting]] = field(default_factory=list)
    _own: dict[str, deque[Waiting]] = field(default_factory=dict)
    _weight: dict[str, int] = field(default_factory=dict)
    _finish: dict[str, int] = field(default_factory=dict)
    _heads: list[tuple[int, int, str]] = field(default_factory=list)
    _virtual: int = 0
    _count: int = 0
    _names: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self._names)

    def submit(self, job: Waiting, weight: int, *, floor: bool) -> None:
        """Put a job in line; ``weight`` from `weight_of`, ``floor`` whether it is within its person's floor."""
        self._count += 1
        self._names.add(job.job)
        if floor:
            heappush(self._floor, (job.at + self.seconds, self._count, job))
            return
        self._weight[job.person] = weight
        own = self._own.setdefault(job.person, deque())
        own.append(job)
        if len(own) == 1:
            self._show(job.person)

    def take(self) -> Waiting | None:
        """The job to be served next, taken out of the line; None when nobody waits."""
        while self._floor:
            job = heappop(self._floor)[2]
            if not self._is_gone(job):
                return job
        while self._heads:
            start, _, person = heappop(self._heads)
            job = self._own[person].popleft()
            gone = self._is_gone(job)
            if not gone:
                self._virtual = start
                self._finish[person] = start + job.tokens * _SCALE // self._weight[person]
            self._next(person)
            if not gone:
                return job
        return None

    def serve(self, job: str) -> None:
        """Take a job out of the line although others may be before it, with what it costs its person.

        For a provider with several free places, whose next job in line has not come to take one yet.
        """
        self._remove(job, served=True)

    def drop(self, job: str) -> None:
        """Take a job out of the line for good; unlike `cancel` nothing of it is left, at the cost of a look at all."""
        self._remove(job, served=False)

    def cancel(self, job: str) -> None:
        """Take a waiting job back; it is passed over when its turn comes."""
        self._names.discard(job)

    def before(self, job: str) -> int | None:
        """How many jobs would be served before this one if nobody came; None when it does not wait."""
        for place, name in enumerate(self.order()):
            if name == job:
                return place
        return None

    def order(self) -> list[str]:
        """All waiting jobs in the order in which they would be served if nobody came."""
        copy = FairQueue(self.seconds, list(self._floor), {p: deque(own) for p, own in self._own.items()},
                         dict(self._weight), dict(self._finish), list(self._heads), self._virtual, self._count,
                         set(self._names))  # fmt: skip
        names = []
        while job := copy.take():
            names.append(job.job)
        return names

    def _remove(self, job: str, *, served: bool) -> None:
        if job not in self._names:
            return
        self._names.remove(job)
        floor = [entry for entry in self._floor if entry[2].job != job]
        if len(floor) < len(self._floor):
            self._floor = floor
            heapify(self._floor)
            return
        person, place, waiting = next(
            (person, place, one) for person, own in self._own.items() for place, one in enumerate(own) if one.job == job
        )
        if served:
            self._virtual = max(self._virtual, self._finish.get(person, 0))
            self._finish[person] = self._virtual + waiting.tokens * _SCALE // self._weight[person]
        del self._own[person][place]
        if place == 0 or served:
            self._heads = [head for head in self._heads if head[2] != person]
            heapify(self._heads)
            self._next(person)

    def _show(self, person: str) -> None:
        self._count += 1
        heappush(self._heads, (max(self._virtual, self._finish.get(person, 0)), self._count, person))

    def _next(self, person: str) -> None:
        if self._own[person]:
            self._show(person)
        else:
            del self._own[person]
            if self._finish.get(person, 0) <= self._virtual:
                self._finish.pop(person, None)

    def _is_gone(self, job: Waiting) -> bool:
        """Whether it was taken back; if not it is in the line no more."""
        if job.job not in self._names:
            return True
        self._names.remove(job.job)
        return False
