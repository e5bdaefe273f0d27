"""The worker's end of the pipes: messages come in through a thread, so that a cancellation is heard while it works."""

import os
import queue
import sys
import threading
from typing import Any, BinaryIO, Final

from compute_mesh.transport.frames import LENGTH_BYTES, frame_length
from compute_mesh.workers.frames import MOST_MESSAGE, packed, parsed, piece_bytes, pieces

#: Bytes of input that one job may have.
MOST_INPUT: Final = 256 << 20


class Cancelled(Exception):
    """The job is not wanted any more."""


class Channel:
    """Messages in and events out. What libraries print goes nowhere."""

    def __init__(self) -> None:
        """Takes standard input and output over."""
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._inputs: dict[int, dict[str, bytearray]] = {}
        threading.Thread(target=self._listen, args=(sys.stdin.buffer,), daemon=True).start()

    def hear(self, *, wait: bool) -> dict[str, Any] | None:
        """The next message but for pieces of input, which are kept; None when there is none and ``wait`` is false."""
        while True:
            try:
                message = self._heard.get(block=wait)
            except queue.Empty:
                return None
            if message["op"] != "attach":
                return message
            self._keep(message)

    def inputs(self, job: int) -> dict[str, bytes]:
        """What was attached to a job; it is forgotten here."""
        return {name: bytes(data) for name, data in self._inputs.pop(job, {}).items()}

    def check(self, job: int) -> None:
        """Between two steps of a job.

        Raises:
            Cancelled: it is not wanted any more.
        """
        if job in self._cancelled:
            raise Cancelled

    def is_cancelled(self, job: int) -> bool:
        """Whether a job is not wanted any more."""
        return job in self._cancelled

    def say(self, event: str, **fields: Any) -> None:
        """Say one thing."""
        self._out.write(packed({"event": event, **fields}))
        self._out.flush()

    def progress(self, job: int, done: int, of: int, note: str = "", figure: float = 0.0) -> None:
        """Say how far a job is."""
        self.say("progress", job=job, done=done, of=of, note=note, figure=figure)

    def give(self, job: int, name: str, data: bytes) -> None:
        """Give bytes under a name."""
        parts = pieces(data)
        for number, part in enumerate(parts, 1):
            self.say("data", job=job, name=name, data=part, last=number == len(parts))

    def failed(self, job: int, error: BaseException) -> None:
        """Say that a job was not done. Only the name of the fault goes out: its message might quote a text."""
        name = "".join(sign for sign in type(error).__name__ if sign.isascii() and sign.isalpha())
        self.say("failed", job=job, rule=name[:60] or "Fault")

    def _keep(self, message: dict[str, Any]) -> None:
        mine = self._inputs.setdefault(message["job"], {})
        mine.setdefault(message["name"], bytearray()).extend(piece_bytes(message["data"]))
        if sum(len(data) for data in mine.values()) > MOST_INPUT:
            raise MemoryError("more input than a job may have")

    def _listen(self, source: BinaryIO) -> None:
        """In a thread: without a node there is nothing to live for."""
        try:
            while head := source.read(LENGTH_BYTES):
                message = parsed(source.read(frame_length(head, MOST_MESSAGE)))
                if message["op"] == "cancel":
                    self._cancelled.add(message["job"])
                self._heard.put(message)
        finally:
            os._exit(0)
