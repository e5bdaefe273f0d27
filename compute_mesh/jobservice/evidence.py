"""A job that was done, as an auditor reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compute_mesh.jobs.manifest import Manifest
from substrate.record.documents import Document


@dataclass(frozen=True, slots=True)
class Evidence:
    """Its inputs are those that the manifest names, its outputs those that the receipt names, in their order."""

    manifest: Manifest
    receipt: Document
    inputs: Sequence[bytes]
    outputs: Mapping[str, bytes]

    @property
    def size(self) -> int:
        """Bytes of inputs and outputs together."""
        return sum(map(len, self.inputs)) + sum(map(len, self.outputs.values()))
