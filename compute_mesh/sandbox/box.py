"""What a program in a box is given, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: Where a program in a box may write; it is empty at the start and gone at the end.
SCRATCH: Final = "/scratch"


class CannotSandbox(RuntimeError):
    """Some part of the sandbox cannot be built on this machine, so nothing runs; the message says which and what to do.

    ``part`` is one word, for a reader that is a program.
    """

    def __init__(self, part: str, sentence: str) -> None:
        """``sentence`` names what is missing and what to do about it."""
        super().__init__(f"nothing runs without its sandbox: {sentence}")
        self.part = part


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder of this machine that can be read in the box, at another place."""

    source: Path
    target: str


@dataclass(frozen=True, slots=True)
class Box:
    """A command and everything that it can reach.

    Attributes:
        command: as seen from within; its first word is a path.
        programs: the interpreter, libraries and code. inputs: models and data. Both are read-only.
        covered: folders within those that an empty one covers.
        environment: all of it; nothing is inherited.
        scratch: bytes that can be written to `SCRATCH`, which is memory.
        memory: bytes, scratch included, where a control group can be made (`limits`).
        addresses: bytes of address space, which holds everywhere. Libraries and mapped models count in it.
        cores: how many processors' time it gets, where a control group can be made.
        cpu_seconds: of all its threads together, over its whole life.
        wall_seconds: until it is ended, whatever it does; of a warm worker, how long it may live.
        threads: at most this many at once. It has no second process.
    """

    command: tuple[str, ...]
    programs: tuple[Bind, ...]
    inputs: tuple[Bind, ...] = ()
    covered: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    scratch: int = 16 << 20
    memory: int = 512 << 20
    addresses: int = 1 << 30
    cores: float = 1.0
    cpu_seconds: int = 60
    wall_seconds: float = 60.0
    threads: int = 16
