"""Loading a file for the first time, in a process that may die of it.

llama.cpp ends its process where a file contradicts itself in a way that its authors did not foresee. A file that
passed the reader is therefore loaded once where that hurts nobody, before a steward approves it.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from compute_mesh.runtime.header import BadGguf, read_header
from compute_mesh.runtime.needs import check_fits, needs
from compute_mesh.runtime.processor import check_processor
from compute_mesh.runtime.shape import Shape, check_adapter, shape_of

#: Seconds that loading, one pass and leaving may take; reading a large file from a slow disk included.
MOST_SECONDS: Final = 600
#: What the trial may take beyond what the model needs: Python and the libraries, counted in addresses.
_BESIDE: Final = 6_000_000_000
_LOADED: Final = b"loaded"
_PROGRAM: Final = """
import sys
from pathlib import Path
from compute_mesh.runtime.loaded import Adapter, Limits, Loaded
model = Loaded(Path(sys.argv[1]), Limits(context=64, memory=1 << 62))
if sys.argv[2:]:
    model.use([Adapter(Path(sys.argv[2]))])
model.read(model.tokens("one") or model.first or [0])
sys.stdout.write("loaded")
sys.stdout.flush()
"""


def try_model(path: Path, *, seconds: float = MOST_SECONDS) -> Shape:
    """Read the header of a model's file strictly, then load it once in a process of its own.

    Raises:
        BadGguf: with the reason. TooLarge: it does not fit into memory. ProcessorTooOld: nothing can be loaded here.
    """
    header = read_header(path)
    shape = shape_of(header)
    needed = needs(shape, 64)
    check_fits(needed, None)
    _run([str(path)], needed.ram, seconds, path.name)
    return shape


def try_adapter(model: Path, adapter: Path, *, seconds: float = MOST_SECONDS) -> None:
    """The same for an adapter, with the model that it is for.

    Raises:
        BadGguf: with the reason. TooLarge, ProcessorTooOld: as `try_model`.
    """
    check_adapter(adapter)
    shape = shape_of(read_header(model))
    _run([str(model), str(adapter)], needs(shape, 64).ram + 2 * adapter.stat().st_size, seconds, adapter.name)


def bounded(memory: int) -> dict[str, Any]:
    """How a process is started that loads a model and may die of it: silent but for its output, ``memory`` bytes."""
    room = memory + _BESIDE

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    environment = {**os.environ, "GGML_NO_BACKTRACE": "1", "OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": ""}
    return {
        "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "env": environment,
        "preexec_fn": limit,
    }  # fmt: skip


def _run(arguments: list[str], memory: int, seconds: float, name: str) -> None:
    check_processor()
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *arguments], timeout=seconds, check=False, **bounded(memory)
        )
    except subprocess.TimeoutExpired:
        raise BadGguf("loading", f"{name}: it was not loaded within {seconds:.0f} seconds") from None
    if done.returncode or done.stdout != _LOADED:
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"code {done.returncode}"
        raise BadGguf("loading", f"{name}: the trial ended with {how}")
