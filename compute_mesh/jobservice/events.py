"""What a job tells while it runs, wherever that is."""

from dataclasses import dataclass

from substrate.record.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``of`` units; ``note`` is a short word of the worker's, ``figure`` a number that belongs to it."""

    done: int
    of: int
    note: str = ""
    figure: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the answer to the ``index``-th prompt."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the job can go on, on any node of the engine class ``engine`` (a digest)."""

    engine: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes that came of the job, whole, under a name."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is done: tokens, the receipt's ``engine``, and the root over what each place could have been."""

    engine: JsonObject
    read: int = 0
    written: int = 0
    trained: int = 0
    evidence: str | None = None


Told = Progress | Piece | Checkpoint | Output
Event = Told | Finished


class CannotRun(Exception):
    """A job that did not run to its end here; ``reason`` is a word, such as ``late``. No message quotes a text."""

    def __init__(self, reason: str, sentence: str) -> None:
        """``sentence`` is for people."""
        super().__init__(sentence)
        self.reason = reason
