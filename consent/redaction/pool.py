"""Redaction by worker processes, each over whole documents: what `n_process` inside spaCy does not gain.

Workers are spawned, load their own models, and get passages through a pipe: no text touches a disk. Small
inputs are not worth a process; below `LEAST` passages the caller's own redactor reads them.
"""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from consent.redaction.engine import Redactor
from consent.redaction.replace import checked
from consent.redaction.types import Passage, Redaction

#: Passages per message to a worker.
SHARE: Final = 64
LEAST: Final = 128

_worker: list[Redactor] = []


class RedactorPool:
    """A redactor over ``processes`` workers; close it, or use it as a context.

    Raises:
        ValueError: for fewer than one process.
    """

    version: Final = Redactor.version

    def __init__(self, model_path: Path | None = None, *, processes: int = 2) -> None:
        if processes < 1:
            raise ValueError("a pool needs at least one process")
        self._own = Redactor(model_path)
        self._pool = ProcessPoolExecutor(
            processes, multiprocessing.get_context("spawn"), initializer=_start, initargs=(model_path,)
        )

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """What becomes of each passage, in order; the same as one `Redactor` gives.

        Raises:
            InvalidSpan: if a marked span does not fit its text; before any passage is read.
            BrokenProcessPool: a worker died.
        """
        for passage in passages:
            checked(passage.text, passage.marked)
        if len(passages) < LEAST:
            return self._own.redact(passages)
        shares = [passages[i : i + SHARE] for i in range(0, len(passages), SHARE)]
        return [one for share in self._pool.map(_redact, shares) for one in share]

    def close(self) -> None:
        """Ends the workers."""
        self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _start(model_path: Path | None) -> None:
    _worker.append(Redactor(model_path))


def _redact(passages: Sequence[Passage]) -> list[Redaction]:
    return _worker[0].redact(passages)
