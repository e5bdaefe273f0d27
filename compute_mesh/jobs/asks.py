"""What placement looks at: a job that waits, and a node as its announcement and its operator's rules describe it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from substrate.record.schemas.jobs import Assurance, JobType, PrivacyClass

#: A model that is trained on federated texts has fewer parameters than this.
FEDERATED_BELOW: Final = 7_000_000_000
#: Tokens a second below which an answer is nothing to wait for.
INTERACTIVE_LEAST: Final = 4.0

Standing = Literal["good", "probation", "quarantined"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A job that waits for a node.

    Attributes:
        job: its id. submitter: who signed it. arrival: seconds of any clock; earlier ones come first.
        kind: its type. model: digest of the model's bytes. parameters: how many the model has.
        memory: bytes that it needs: weights, cache, work. interactive: somebody waits for each token.
        privacy, assurance: as in the manifest. quorum: how many nodes do the same work.
        federated: it works on texts of the node that runs it. holder: the one node whose texts are meant, if it is one.
        owner: of the submitter, where several keys are one person's; else the submitter.
        trusted: nodes that the submitter trusts.
        priority: smaller comes first; who has what is decided elsewhere.
        tokens: how much work it is about, for the estimate of when it ends.
    """

    job: str
    submitter: str
    arrival: float
    kind: JobType
    model: str
    memory: int
    parameters: int = 0
    interactive: bool = False
    privacy: PrivacyClass = "public"
    assurance: Assurance = "spot"
    quorum: int = 1
    federated: bool = False
    holder: str = ""
    owner: str = ""
    trusted: frozenset[str] = frozenset()
    priority: int = 0
    tokens: int = 0

    @property
    def person(self) -> str:
        """Whose job it is."""
        return self.owner or self.submitter


@dataclass(frozen=True, slots=True)
class Node:
    """A live node.

    Attributes:
        node, owner: its key, and whose it is. models: tokens a second by digest of each model that it can run; 0 where
            nobody measured.
        memory, card: bytes of ordinary memory, and of the largest graphics card, that jobs may use.
        slots: jobs at once; busy: how many run. kinds: types that its operator runs.
        friends: people whose jobs it runs before others'; the owner is one without being named.
        draining: it takes nothing new. quiet: its quiet hours, in which it begins no job of others.
        capped: what it may give today is given. federated: it holds federated texts. attested: a TEE that was checked.
        admitted: the charter names it; others get jobs whose inputs are public, and settle nothing.
        engine: digest of its engine class. standing, reputation: of audits; reputation is between 0 and 1.
    """

    node: str
    owner: str
    models: Mapping[str, float]
    memory: int
    card: int = 0
    slots: int = 1
    busy: int = 0
    kinds: frozenset[JobType] = frozenset({"inference", "embeddings", "lora", "evaluation"})
    friends: frozenset[str] = frozenset()
    draining: bool = False
    quiet: bool = False
    capped: bool = False
    federated: bool = False
    attested: bool = False
    admitted: bool = True
    engine: str = ""
    standing: Standing = "good"
    reputation: float = 0.5

    def near(self, person: str) -> bool:
        """Whether it runs this person's jobs before others'."""
        return person == self.owner or person in self.friends


@dataclass(frozen=True, slots=True)
class Placed:
    """Jobs that begin: by job, its nodes. Those that wait, and those that are refused: by job, a word and a sentence.

    ``positions``: of each waiting job, how many with the same wants are before it, from 1 on.
    """

    nodes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)


#: Why a job waits, or is refused. docs/reference/jobs.md shows this table.
REASONS: Final[dict[str, str]] = {
    "busy": "every node that could run it is busy",
    "drained": "every node that could run it takes no new jobs",
    "quiet": "every node that could run it has quiet hours",
    "capped": "every node that could run it has given what it gives today",
    "slow": "no live node that has the model writes fast enough to wait for it: send it as a batch",
    "no-model": "no live node has the model",
    "no-type": "no live node that has the model runs jobs of this type",
    "no-texts": "no live node with federated texts, or not the one that is meant, has the model",
    "probation": "every node that could run it is on probation, and runs jobs that may be audited alone",
    "quorum": "fewer nodes of different owners could run it than do the same work",
    "no-node": "no node is live",
    "quarantined": "every live node is in quarantine",
    "memory": "no live node has enough memory, and a model is never split over several",
    "federated-size": "a model that learns from federated texts has fewer than seven thousand million parameters",
    "privacy-member": "no admitted node is live",
    "privacy-own-node": "none of your own nodes is live, and the job may run nowhere else",
    "privacy-trusted": "no node that you trust is live, and the job may run nowhere else",
    "privacy-tee": "no live node has an attested trusted execution environment",
}
#: Those in which waiting does not help: the submitter has to change something.
FINAL: Final = frozenset({"federated-size", "memory", "privacy-own-node", "privacy-trusted", "privacy-tee"})
