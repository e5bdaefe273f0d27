"""Where a worker works: the box for one model with its adapters, and what it is told to load."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from compute_mesh.runtime.needs import needs
from compute_mesh.runtime.shape import model_shape
from compute_mesh.sandbox.box import Bind, Box
from compute_mesh.sandbox.interpreter import (
    ENVIRONMENT,
    SITE_PACKAGES,
    code,
    covered,
    interpreter,
    libraries,
    packages,
    python_command,
)

#: What bound libraries, threads' stacks and arenas take of the addresses of a process, beside its memory.
_ADDRESSES: Final = 3 << 30
#: Python and its libraries in memory, beside the model.
_LANGUAGE: Final = 160 << 20
_VECTORS: Final = 1536 << 20
_TRAINING: Final = 3 << 30
#: A warm worker is ended after this, whatever it does.
_LIFE: Final = 24 * 3600
_ROOMS: Final = ("compute_mesh.runtime", "compute_mesh.transport", "compute_mesh.workers", "compute_mesh.sandbox",
                 "substrate.store", "substrate.record")  # fmt: skip
#: Whoever writes with a model also reads again what others wrote with it.
_LANGUAGE_ROOMS: Final = (*_ROOMS, "compute_mesh.audit")
_TRAINING_ROOMS: Final = (*_ROOMS, "compute_mesh.workloads", "compute_mesh.adapters", "corpus")
_TORCH: Final = ("torch", "transformers", "peft", "sentence-transformers", "safetensors", "pyarrow", "gguf", "blake3",
                 "pyyaml", "jinja2")  # fmt: skip
#: Without the interpreter's own end, which would wait for the thread that reads.
_LIVE: Final = """
import os
try:
    from compute_mesh.workers.inside.{} import main
    main()
except BaseException:
    os._exit(1)
os._exit(0)
"""
_QUIET: Final = {
    **ENVIRONMENT,
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "GGML_NO_BACKTRACE": "1",
    "DO_NOT_TRACK": "1",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of worker.

    Attributes:
        identity: a digest of what is loaded and how; workers of one place differ in their requester alone.
        box: what it runs in. load: the message that it is told first.
        slots: jobs that one worker does at once.
    """

    identity: str
    box: Box
    load: dict[str, Any]
    slots: int


@dataclass(frozen=True, slots=True)
class Worn:
    """An adapter of a language model: its GGUF file, the digest of its bytes, and its factor."""

    path: Path
    digest: str
    scale: float = 1.0


def language_place(
    model: Path, digest: str, adapters: Sequence[Worn] = (), *, context: int = 2048, slots: int = 4, threads: int = 1
) -> Place:
    """For inference and scoring with a GGUF model; ``digest`` is the BLAKE3 of its bytes, and the worker checks it.

    Raises:
        BadGguf: the model is refused. CannotSandbox: Python's own files cannot be found.
    """
    shape = model_shape(model)
    context = min(context, shape.context)
    memory = needs(shape, context * slots).ram + _LANGUAGE + sum(2 * one.path.stat().st_size for one in adapters)
    binds = [Bind(model.resolve(), "/model/model.gguf")]
    worn = []
    for number, one in enumerate(adapters):
        binds.append(Bind(one.path.resolve(), f"/model/adapter-{number}.gguf"))
        worn.append({"path": f"/model/adapter-{number}.gguf", "scale": one.scale})
    load = {
        "op": "load", "model": digest, "context": context, "slots": slots, "threads": threads, "adapters": worn,
    }  # fmt: skip
    extensions = tuple(sorted((SITE_PACKAGES / "llama_cpp" / "lib").glob("*.so")))
    programs = (
        *interpreter(),
        *libraries(extensions),
        *packages(("llama-cpp-python", "numpy", "jinja2", "blake3", "gguf")),
        *code(_LANGUAGE_ROOMS),
    )
    box = _box("language", programs, binds, memory, threads, scratch=1 << 20)
    digests = [digest, *(f"{one.digest}*{one.scale}" for one in adapters)]
    return Place(_identity("language", digests, context, slots, threads), box, load, slots)


def vectors_place(folder: Path, digest: str, *, threads: int = 1, half: bool | None = None) -> Place:
    """For embedding with a sentence-transformers folder; ``digest`` is that of its bytes, which the caller checked.

    Raises:
        CannotSandbox: Python's own files cannot be found.
    """
    load = {"op": "load", "model": digest, "threads": threads, "half": half}
    binds = [Bind(folder.resolve(), "/model")]
    box = _box("vectors", _torch(), binds, _VECTORS, threads, scratch=16 << 20)
    return Place(_identity("vectors", [digest], half, threads), box, load, 1)


def training_place(base: Path, digest: str, *, threads: int = 1, memory: int = _TRAINING) -> Place:
    """For LoRA and evaluation on a folder of `compute_mesh.workloads.base`; ``digest`` as in `vectors_place`.

    Raises:
        CannotSandbox: Python's own files cannot be found.
    """
    load = {"op": "load", "model": digest, "threads": threads}
    box = _box("training", _torch(), [Bind(base.resolve(), "/base")], memory, threads, scratch=512 << 20)
    return Place(_identity("training", [digest], threads), box, load, 1)


def _torch() -> tuple[Bind, ...]:
    extensions = tuple(sorted((SITE_PACKAGES / "torch" / "lib").glob("libtorch_cpu.so")))
    return (*interpreter(), *libraries(extensions), *packages(_TORCH), *code(_TRAINING_ROOMS))


def _box(
    module: str, programs: Sequence[Bind], inputs: Sequence[Bind], memory: int, threads: int, *, scratch: int
) -> Box:
    count = str(threads)
    return Box(
        command=python_command(_LIVE.format(module)),
        programs=tuple(dict.fromkeys(programs)),
        inputs=tuple(inputs),
        covered=covered(),
        environment={**_QUIET, "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count},
        scratch=scratch,
        memory=memory + scratch,
        addresses=memory + _ADDRESSES,
        cores=float(threads),
        cpu_seconds=_LIFE * threads,
        wall_seconds=_LIFE,
        # The reader of messages, and of each library that computes a pool and a helper or two.
        threads=3 * threads + 2 * (os.cpu_count() or 1) + 16,
    )


def _identity(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8")).hexdigest()
