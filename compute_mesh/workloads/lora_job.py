"""Starting the training process and hearing from it. Imports nothing heavy.

The process is a child of its own: torch and transformers are loaded there, its memory is given back, and a fault in it
is told by name. It ends when whoever started it is gone.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from substrate.store.errors import HomeError

JOB: Final = b"lecs-job"
TRAINED: Final = pa.schema(
    [("cohort", pa.int32()), ("key", pa.binary(32)), ("weight", pa.int64()), ("text", pa.string())]
)
SCORED: Final = pa.schema([("text", pa.string())])


class TrainingFailed(HomeError):
    """The training process ended without its result; what it had trained until its last checkpoint is kept."""


def run_job(job: dict[str, Any], table: pa.Table, threads: int) -> Iterator[dict[str, Any]]:
    """Start the process with a job and its texts, and give every event that it tells.

    Raises:
        TrainingFailed: it ended otherwise than done; the message names the fault.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "compute_mesh.workloads.lora_process"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(threads),
    )  # fmt: skip
    try:
        _send(process, job, table)
        last: dict[str, Any] = {}
        for line in process.stdout or ():
            last = json.loads(line)
            if last["event"] in ("failed", "refused"):
                break
            yield last
        if last.get("event") != "done":
            raise _failure(last, process.wait())
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _send(process: "subprocess.Popen[bytes]", job: dict[str, Any], table: pa.Table) -> None:
    if process.stdin is None:
        return
    schema = table.schema.with_metadata({JOB: json.dumps(job).encode()})
    try:
        with pa.ipc.new_stream(process.stdin, schema) as writer:
            writer.write_table(table.replace_schema_metadata(schema.metadata))
        process.stdin.close()
    except (BrokenPipeError, OSError):
        return  # It ended before it had read everything; its own word, or its exit code, says why.


def _failure(last: dict[str, Any], code: int) -> TrainingFailed:
    if last.get("event") == "refused":
        return TrainingFailed(str(last["message"]))
    name = last.get("rule") or f"exit code {code}"
    return TrainingFailed(f"the training process ended before it was done ({name}); run it again: it goes on")


def _environment(threads: int) -> dict[str, str]:
    """Threads are fixed before torch is loaded; nothing looks for a hub."""
    count = str(threads)
    return {
        **os.environ,
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore",
    }
