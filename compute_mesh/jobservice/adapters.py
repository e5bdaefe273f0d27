"""The adapter of a job as a file, for as long as the job runs."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.events import CannotRun
from compute_mesh.runtime.shape import check_adapter
from compute_mesh.workers.place import Worn


@contextmanager
def adapter_file(folder: Path, manifest: Manifest, inputs: Sequence[bytes]) -> Iterator[list[Worn]]:
    """The adapter of a job as a file, while the job runs."""
    adapter = manifest.body.get("adapter")
    if adapter is None:
        yield []
        return
    data = inputs[-1]
    if hashlib.sha256(data).hexdigest() != adapter["sha256"]:
        raise CannotRun("inputs", "the adapter is another than the manifest names")
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{manifest.digest}.gguf"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        try:
            check_adapter(path)
        except ValueError:
            raise CannotRun("adapter", "the adapter is refused: it is no GGUF adapter that this node reads") from None
        yield [Worn(path, adapter["sha256"])]
    finally:
        path.unlink(missing_ok=True)
