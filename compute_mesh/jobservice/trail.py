"""What a training leaves for an auditor: the roots of its states in order, and one of the states itself.

A worker commits to its states in the receipt, so that nobody can show others later. Which one is kept is drawn by lot
as they come, and told to nobody before an auditor has the job. From a state to the next is a segment.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Final

from compute_mesh.audit.policy import may_be_read
from compute_mesh.jobs.blobs import blob_root
from compute_mesh.jobs.manifest import Manifest
from substrate.record.merkle import tree_root

#: Where a training begins that goes on from no checkpoint: no state has this root.
BEGINNING: Final = "0" * 64


def leaves_trail(manifest: Manifest) -> bool:
    """Whether a job is a training that a third party may do again: of the submitter's own texts, and marked for it."""
    return "own" in manifest.data and manifest.job == "lora" and may_be_read(manifest.assurance, probe=False)


def trail_root(states: Iterable[str]) -> str:
    """The ``evidence`` of a receipt: the RFC 6962 root over the roots of a training's states, in their order."""
    return tree_root(bytes.fromhex(one) for one in states).hex()


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a training that can be done again.

    Attributes:
        states: roots: what it went on from, or `BEGINNING`, then every checkpoint.
        number: of the state from which the segment goes on, to the next one, or from the last one to the term.
        start: that state; empty for the beginning.
    """

    states: tuple[str, ...]
    number: int
    start: bytes

    @property
    def end(self) -> str:
        """The root of the state in which it ends; empty where that is the term."""
        return self.states[self.number + 1] if self.number + 1 < len(self.states) else ""

    @property
    def size(self) -> int:
        """Bytes of it."""
        return len(self.start) + len(self.states) * len(BEGINNING) // 2


@dataclass(eq=False)
class Trail:
    """The states of one attempt, as the submitter hears of them. ``given``: the checkpoint that it was given, if any.

    Of as many states as come, each is kept with the same chance (reservoir sampling), and never more than one.
    """

    given: bytes = b""
    chance: Random = field(default_factory=SystemRandom)

    def __post_init__(self) -> None:
        """It begins with what was given."""
        self._states = [blob_root(self.given) if self.given else BEGINNING]
        self._number, self._start = 0, self.given

    def add(self, state: bytes) -> None:
        """The next checkpoint came."""
        self._states.append(blob_root(state))
        if self.chance.randrange(len(self._states)) == 0:
            self._number, self._start = len(self._states) - 1, state

    def segment(self, evidence: str | None) -> Segment | None:
        """The segment that was drawn; None where the receipt commits to other states than those that came.

        Whoever was given a checkpoint may have started over, since it is of another engine class, and then says so.
        """
        if evidence == trail_root(self._states):
            return Segment(tuple(self._states), self._number, self._start)
        over = [BEGINNING, *self._states[1:]]
        if evidence == trail_root(over):
            return Segment(tuple(over), self._number, self._start if self._number else b"")
        return None
