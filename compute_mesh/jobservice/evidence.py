"""A job that was done, as an auditor reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.trail import Segment
from substrate.record.documents import Document


@dataclass(frozen=True, slots=True)
class Evidence:
    """Its inputs are those that the manifest names, its outputs those that the receipt names, in their order.

    ``segment``: of a training, what is done again.
    """

    manifest: Manifest
    receipt: Document
    inputs: Sequence[bytes]
    outputs: Mapping[str, bytes]
    segment: Segment | None = None

    @property
    def size(self) -> int:
        """Bytes of inputs, outputs and segment together."""
        size = sum(map(len, self.inputs)) + sum(map(len, self.outputs.values()))
        return size + (self.segment.size if self.segment is not None else 0)
