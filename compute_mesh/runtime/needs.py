"""How much memory a model needs, told before it is loaded, and whether there is that much."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compute_mesh.runtime.shape import Shape

#: What the process itself takes: Python, the library, the vocabulary. Measured with the packaged model.
_PROCESS: Final = 120_000_000
#: Bytes of one kept number; llama.cpp keeps keys and values in half precision.
_HALF: Final = 2
#: Hidden states of one pass that are alive at once, in multiples of the width; covers the wide layers of an MLP.
_ALIVE: Final = 24


class TooLarge(MemoryError):
    """What was asked for needs more memory, or a longer context, than there is; the message says how much."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes: of the weights, of the kept keys and values, of the working space, and of the process itself."""

    weights: int
    cache: int
    work: int

    @property
    def ram(self) -> int:
        """All of it in ordinary memory: what a processor needs."""
        return self.weights + self.cache + self.work + _PROCESS

    @property
    def vram(self) -> int:
        """What lies on a graphics card when every layer does."""
        return self.weights + self.cache + self.work


def needs(shape: Shape, context: int, batch: int = 512) -> Needs:
    """What a model needs for ``context`` tokens, read ``batch`` at a time. An estimate; docs give its error."""
    one_token = shape.layers * shape.kv_heads * (shape.key + shape.value) * _HALF
    work = batch * (shape.vocabulary + _ALIVE * shape.width) * 4
    return Needs(shape.weights, context * one_token, work)


def available_memory() -> int:
    """Bytes that the kernel would give without swapping, within the limit of this process's control group."""
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines())
    free = int(fields["MemAvailable"].split()[0]) * 1024
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = ((group / name).read_text("ascii").strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return free
    return free if limit == "max" else min(free, int(limit) - int(used))


def check_fits(needed: Needs, most: int | None) -> None:
    """Refuse what does not fit into ``most`` bytes; None: into what is available.

    Raises:
        TooLarge: with both figures.
    """
    there = available_memory() if most is None else most
    if needed.ram > there:
        raise TooLarge(
            f"the model needs about {needed.ram / 1e9:.1f} GB ({needed.weights / 1e9:.1f} GB of weights, "
            f"{needed.cache / 1e9:.1f} GB for the context) and {there / 1e9:.1f} GB can be had: "
            "choose a smaller model or context"
        )
