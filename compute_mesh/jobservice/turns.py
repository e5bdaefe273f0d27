"""Whose job of others begins next at this node: everyone's floor first, then shares by the square root of credit.

Who is told to wait asks again every second or two. Until then this node keeps the place: a job that comes meanwhile,
for a slot that has just become free, waits behind those that were here before or have a better claim. Nobody
coordinates: each node counts what it did itself, and a place that nobody asks for any more is forgotten.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.asked import blobs_of
from governance.queue.fair import FairQueue, Waiting
from governance.queue.floor import Floor, FloorMeter
from governance.queue.shares import Shares

#: Seconds for which a place is kept without being asked for: longer than a submitter waits between two tries.
KEPT: Final = 3.0
#: About so many bytes of a text are a token.
_BYTES_OF_A_TOKEN: Final = 4
#: Before the ledger was read once: nobody has credit, and there is no floor.
NOBODY: Final = Shares({}, {}, Floor(0, 0))


def tokens_asked(manifest: Manifest) -> int:
    """How much a job may cost at most: tokens that it may write, and about as many as its inputs have."""
    parameters = manifest.body[manifest.job]
    written = int(parameters.get("prompts", 0)) * int(parameters.get("tokens", 0))
    return written + sum(int(blob["bytes"]) for blob in blobs_of(manifest)) // _BYTES_OF_A_TOKEN


@dataclass(slots=True)
class _Place:
    """A job that waits: when it was asked for last, and what it took of its person's floor on which day."""

    asked: float
    person: str
    floor: int
    day: str


@dataclass(eq=False)
class Turns:
    """The line at one node. ``shares``: what is known of the commons now; ``clock`` gives seconds."""

    shares: Callable[[], Shares | None]
    clock: Callable[[], float] = time.monotonic
    _queue: FairQueue = field(default_factory=lambda: FairQueue(0))
    _meter: FloorMeter = field(default_factory=FloorMeter)
    _places: dict[str, _Place] = field(default_factory=dict)

    def ask(self, job: str, submitter: str, tokens: int, free: int, day: str) -> bool:
        """Whether a job may begin now, where ``free`` slots are free; if not, its place in the line is kept.

        ``day`` (UTC) decides whose floor of the day is used up.
        """
        self._forget()
        place = self._places.get(job)
        if place is None:
            self._places[job] = self._stand(job, submitter, tokens, day)
        else:
            place.asked = self.clock()
        if job not in self._queue.order()[: max(0, free)]:
            return False
        self._queue.serve(job)
        del self._places[job]
        return True

    def __len__(self) -> int:
        return len(self._places)

    def _stand(self, job: str, submitter: str, tokens: int, day: str) -> _Place:
        shares, moment = self.shares() or NOBODY, self.clock()
        person = shares.person(submitter)
        floor = self._meter.take(person, tokens, day, shares.floor)
        waiting = Waiting(job, person, max(1, tokens), int(moment))
        self._queue.submit(waiting, shares.weight(person), floor=floor)
        return _Place(moment, person, tokens if floor else 0, day)

    def _forget(self) -> None:
        """Drop places that nobody asks for any more, and give back what they took of the floor."""
        moment = self.clock()
        for job in [job for job, place in self._places.items() if moment - place.asked > KEPT]:
            place = self._places.pop(job)
            self._queue.drop(job)
            self._meter.give_back(place.person, place.floor, place.day)
