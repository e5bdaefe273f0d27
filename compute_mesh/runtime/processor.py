"""Whether this processor can run the llama.cpp that is installed."""

import platform
import subprocess
import sys
from pathlib import Path
from typing import Final

#: What llama.cpp compiled with GGML_NATIVE=OFF uses on x86-64 (see `llama_print_system_info`).
NEEDED: Final = ("avx", "avx2", "bmi2", "f16c", "fma")


class ProcessorTooOld(RuntimeError):
    """The processor lacks instructions that the installed llama.cpp needs; it would end with SIGILL."""


def check_processor(machine: str | None = None, cpuinfo: str | None = None) -> None:
    """Refuse a processor on which llama.cpp would be killed at its first multiplication.

    Args:
        machine, cpuinfo: as `platform.machine` and ``/proc/cpuinfo`` give them, unless they are given.

    Raises:
        ProcessorTooOld: naming what is missing.
    """
    if (machine or platform.machine()) not in ("x86_64", "AMD64"):
        return
    flags = _flags(cpuinfo)
    missing = [name for name in NEEDED if name not in flags]
    used = [name for name in missing if name in _compiled_in()] if missing else []
    if used:
        raise ProcessorTooOld(
            f"this processor lacks {', '.join(used)}, which the installed llama.cpp uses: compile llama-cpp-python on "
            "this machine with CMAKE_ARGS=-DGGML_NATIVE=ON, and without a binary from elsewhere"
        )


def _flags(cpuinfo: str | None) -> list[str]:
    try:
        text = Path("/proc/cpuinfo").read_text("ascii", "replace") if cpuinfo is None else cpuinfo
        return text.split("flags", 1)[1].split(":", 1)[1].split("\n", 1)[0].split()
    except (OSError, IndexError):
        return list(NEEDED)  # Nothing is said about it: the first use will tell.


def _compiled_in() -> set[str]:
    """What the installed library was compiled to use, asked in a process of its own, which may not survive it."""
    program = "import llama_cpp; print(llama_cpp.llama_print_system_info().decode())"
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if asked.returncode:
        return set(NEEDED)
    return {part.split("=")[0].strip().rsplit(" ", 1)[-1].lower() for part in asked.stdout.split("|") if "= 1" in part}
