"""What runs jobs on this node, as the rest sees it: sandboxed workers, or in tests something that pretends."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.events import Event
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

    async def close(self) -> None:
        """End everything."""
        ...
