"""What runs jobs on this node, as the rest sees it: sandboxed workers, or in tests something that pretends."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from compute_mesh.audit.claims import Claim
from compute_mesh.audit.forcing import Forced
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.events import Event
from compute_mesh.workers.answers import Answer
from substrate.record.canonical import JsonObject
from substrate.record.schemas.jobs import JobType


@dataclass(frozen=True, slots=True)
class ModelHere:
    """A model whose bytes are on this node.

    Attributes:
        approval, digest: as manifests name it. kinds: types of jobs that it is approved for.
        memory: bytes that a worker with it needs. parameters: how many it has; 0 where that is not known.
        speed: tokens a second, in thousandths; 0 where nobody measured.
        engine: digest of the class of its results; empty where it is known only once it runs.
    """

    approval: str
    digest: str
    kinds: frozenset[JobType]
    memory: int
    parameters: int = 0
    speed: int = 0
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Reread:
    """Answers of a job of type A, read again here.

    Attributes:
        claims: as their worker told them, with the prompts' tokens as they are read here; ``sampling.tokens`` is what
            there was room for. forced: how well each place fits.
        impossible: an answer has a token that the model does not have, or more than there was room for.
        other_text: a text that is not that of its tokens. engine: the receipt's ``engine``, were it this node's.
    """

    claims: Sequence[Claim]
    forced: Sequence[Forced]
    impossible: bool
    other_text: bool
    engine: JsonObject


class Engine(Protocol):
    """Runs one job at a time for each call."""

    def models(self) -> Sequence[ModelHere]:
        """What it can run now."""
        ...

    def run(self, manifest: Manifest, inputs: Sequence[bytes], checkpoint: bytes | None) -> AsyncGenerator[Event, None]:
        """Events of a job, the last one `Finished`; closing the iterator ends the job.

        Raises:
            CannotRun: it did not come to its end.
        """
        ...

    def trains_as(self, manifest: Manifest) -> JsonObject:
        """The receipt's ``engine`` of a job of type C, were it done here: who has another may get other bytes."""
        ...

    async def reread(
        self, manifest: Manifest, inputs: Sequence[bytes], answers: Sequence[Answer], likely: bytes
    ) -> Reread:  # fmt: skip
        """Read the answers that another node gave to a job of type A; ``likely``: its records, or nothing.

        Raises:
            CannotRun: it cannot be done here.
        """
        ...

    async def close(self) -> None:
        """End everything."""
        ...
