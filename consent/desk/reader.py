"""The reader of the desk: a redactor in a process of its own, which stays warm.

Models and recognizers hold the interpreter for as long as a text takes: in the process that serves, every page would
wait. A short text never waits behind a long one: texts beyond `LONG` go to a second process, which is started when the
first of them comes. Texts go through a pipe and touch no disk. A process whose parent is gone, however it went, finds
its pipe closed and ends.
"""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, Final

from consent.intake import TextRedactor
from consent.redaction.types import Passage, Redaction

#: Code points from which passages are long: about a second of reading.
LONG: Final = 20_000
_PATIENCE: Final = 5.0
#: The version of the redactor, and what became of each passage.
_Answer = tuple[str, list[Redaction]]


class ReaderGone(Exception):
    """The process that reads texts failed, or died twice over one text. Says how, and nothing of what it read."""


class Reader:
    """A redactor that reads in other processes; may be used by several threads.

    ``make`` builds the redactor in the other process; it has to be a function of a module, or a partial of one.
    """

    def __init__(self, make: Callable[[], TextRedactor]) -> None:
        self._short, self._long = _Process(make), _Process(make)
        self._version = ""

    @property
    def version(self) -> str:
        """What the redactor in the other process calls itself.

        Raises:
            ReaderGone: as `redact`.
        """
        if not self._version:
            self.redact([])
        return self._version

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """What becomes of each passage, in order.

        Raises:
            ReaderGone: the other process could not be started, failed, or died twice.
        """
        size = sum(len(passage.text) for passage in passages)
        self._version, found = (self._long if size > LONG else self._short).redact(list(passages))
        return found

    def close(self) -> None:
        """End the processes."""
        self._short.close()
        self._long.close()


class _Process:
    """One process, started at need, and again when it died."""

    def __init__(self, make: Callable[[], TextRedactor]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._process: Any = None
        self._pipe: Connection | None = None

    def redact(self, passages: list[Passage]) -> _Answer:
        """One request at a time; a process that dies over it is started once more."""
        with self._lock:
            for _ in range(2):
                with contextlib.suppress(EOFError, OSError):
                    return self._ask(passages)
                self._end()
        raise ReaderGone("the process that reads texts died twice")

    def close(self) -> None:
        """End it."""
        with self._lock:
            self._end()

    def _ask(self, passages: list[Passage]) -> _Answer:
        if self._pipe is None:
            self._pipe = self._start()
        self._pipe.send(passages)
        answer = self._pipe.recv()
        if isinstance(answer, str):
            raise ReaderGone(answer)
        found: _Answer = answer
        return found

    def _start(self) -> Connection:
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_work, args=(theirs, self._make), name="lecs-reader", daemon=True)
        self._process.start()
        theirs.close()
        return ours

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.terminate()
            self._process.join(_PATIENCE)
        self._pipe = self._process = None


def _work(pipe: Connection, make: Callable[[], TextRedactor]) -> None:
    """Read what comes until the pipe closes. A fault is answered by its name: its message may hold a text."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says when to end.
    redactor: TextRedactor | None = None
    with contextlib.suppress(EOFError, OSError):
        while True:
            passages = pipe.recv()
            answer: _Answer | str
            try:
                redactor = redactor or make()
                answer = redactor.version, redactor.redact(passages)
            except Exception as error:
                answer = type(error).__name__
            pipe.send(answer)
