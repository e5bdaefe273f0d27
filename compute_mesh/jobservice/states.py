"""How a job stands, as `lecs jobs` shows it."""

from dataclasses import dataclass
from typing import Final, Literal

State = Literal["queued", "placed", "running", "done", "failed", "cancelled", "refused"]

#: Once in one of these, a job never changes again.
ENDS: Final[frozenset[State]] = frozenset({"done", "failed", "cancelled", "refused"})

#: Why a job ended without a result, beside the rules and reasons of `compute_mesh.jobs` and of the workers.
#: docs/reference/jobs.md shows this table.
FAILURES: Final[dict[str, str]] = {
    "deadline": "its deadline passed before a node had it done",
    "lost-node": "the node that had it went away, and answers were shown already, or too many were tried",
    "node-stopped": "this node was stopped while somebody waited for each word, and its prompt is kept nowhere",
    "no-result": "the node gave no result that holds: its word on it is in the receipt, where there is one",
    "purpose": "texts lie there, and the gate admits none of them for this purpose",
    "few-contributors": "fewer contributors stand behind the texts, or are promised, than that node asks for",
    "recipe-other": "the manifest names another recipe of the mixture than the one in force there",
    "taken-back": "a text was taken back while it was worked on, so nothing was given: send it again",
    "everywhere-refused": "every node that could run it refused it",
}


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job of this home.

    Attributes:
        job: its id, the digest of its manifest. type: as in the manifest.
        node: who has it, or had it last; empty before it was placed.
        reason: a word for why it waits, or ended as it did; empty where there is nothing to say.
        position: of those with the same wants, how many are before it, from 1 on; 0 where it does not wait.
        attempts: how many nodes have tried. made: a time of the profile. receipt: digest, once there is one.
    """

    job: str
    type: str
    state: State
    node: str = ""
    reason: str = ""
    position: int = 0
    attempts: int = 0
    made: str = ""
    receipt: str = ""

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state in ENDS
