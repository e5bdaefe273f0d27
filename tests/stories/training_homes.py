"""Homes that train: the small base model in the place of the real one, whose classes and code are the same.

The real model is approved, hashed and checked as always; only the plain folder that is made from it once is the
small one, so that a run takes a second. Long proofs train the real one.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compute_mesh" / "workloads"))

from compute_mesh.runtime.model import FILES
from compute_mesh.workloads.base import STEP
from compute_mesh.workloads.lora_process import do_job

#: Quick, and still several passes, several checkpoints and two cohorts that differ.
RECIPE = """
format: lecs-training-1
seed: "39592a1c5233dd82aca8866528d9a0ed9ee38555977ae51ba89bbf0dec218bc5"
rank: 2
alpha: 4
targets: [attention]
length: 32
batch: 2
precision: fp32
threads: 1
held_out: 0.2
schedule:
  - {up_to: 700, steps: 5, rate: 0.01}
  - {up_to: 0, steps: 8, rate: 0.005}
release_rank: 3
checkpoint: 2
"""


def base_place(home: Path) -> Path:
    """Where a home expects the plain base model."""
    return home / "derived" / "base" / f"{FILES[0]['sha256']}-{STEP}"


def put_tiny_base(home: Path, tiny: Path) -> None:
    """Link the small model there."""
    place = base_place(home)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(tiny)


def in_this_process(job: dict[str, Any], table: pa.Table, threads: int) -> Iterator[dict[str, Any]]:
    """The job of the training process without the process: torch is loaded once for all tests of a worker."""
    events: list[dict[str, Any]] = []
    do_job(job, table, lambda event, **figures: events.append({"event": event, **figures}))
    yield from events


def weights_of(home: Path, digest: str) -> dict[str, bytes]:
    """Every file of what is served that holds weights, by its path."""
    folder = home / "derived" / "adapters" / "served" / digest
    found = [path for path in folder.rglob("*") if path.suffix in (".gguf", ".safetensors")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(found)}
