"""What this machine has, looked up and measured; tokens a second are measured by whoever knows the approved models."""

import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from substrate.record.canonical import JsonObject

#: Instruction sets that change how fast a model runs, as Linux names them.
_TELLING: Final = frozenset(
    {
        "sse4_2",
        "avx",
        "avx2",
        "fma",
        "f16c",
        "avx512f",
        "avx512_bf16",
        "avx512_vnni",
        "amx_tile",
        "asimd",
        "sve",
        "i8mm",
    }
)
_COPY_BYTES: Final = 64 << 20
_COPIES: Final = 4

#: For a home: {"model", "promptMilli", "generationMilli"}, or None where no approved model can be run here.
MeasureSpeed = Callable[[Path], Awaitable[JsonObject | None]]


def look_up(home: Path, bandwidth: int | None = None, speed: JsonObject | None = None) -> JsonObject:
    """The fields of `announcement.Resources`."""
    found: JsonObject = {
        "cores": psutil.cpu_count(logical=False) or psutil.cpu_count() or 1,
        "instructionSets": instruction_sets(),
        "memoryBytes": int(psutil.virtual_memory().total),
        "diskFreeBytes": shutil.disk_usage(home).free,
        "gpus": gpus(),
    }
    if bandwidth is not None:
        found["memoryBandwidth"] = bandwidth
    if speed is not None:
        found["speed"] = speed
    return found


def memory_bandwidth() -> int:
    """Bytes that one core copies in a second: the best of a few copies of 64 MiB, read and written counted once."""
    source = np.ones(_COPY_BYTES, dtype=np.uint8)
    target = np.empty_like(source)
    np.copyto(target, source)  # The first touch pays for the pages.
    best = 1e9
    for _ in range(_COPIES):
        begun = time.perf_counter()
        np.copyto(target, source)
        best = min(best, time.perf_counter() - begun)
    return int(_COPY_BYTES / best)


def instruction_sets() -> list[str]:
    """Those of this processor that matter to a model, sorted; none where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines()
    except OSError:
        return []
    line = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return sorted(_TELLING & set(line.partition(":")[2].split()))


def gpus() -> list[JsonObject]:
    """Graphics processors that NVIDIA's driver tells of; none where there is no driver."""
    try:
        import pynvml
    except ImportError:
        return []
    driver: Any = pynvml
    try:
        driver.nvmlInit()
    except driver.NVMLError:
        return []
    try:
        handles = [driver.nvmlDeviceGetHandleByIndex(n) for n in range(driver.nvmlDeviceGetCount())]
        return [
            {
                "name": _text(driver.nvmlDeviceGetName(h))[:200],
                "memoryBytes": int(driver.nvmlDeviceGetMemoryInfo(h).total),
            }
            for h in handles
        ]
    except driver.NVMLError:
        return []
    finally:
        driver.nvmlShutdown()


def _text(name: str | bytes) -> str:
    return name.decode("ascii", "replace") if isinstance(name, bytes) else name
