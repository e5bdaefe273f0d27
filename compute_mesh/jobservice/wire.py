"""Messages of ``lecs/jobs/1``: one stream for one attempt at one job. docs/reference/jobs-protocol.md has the bytes.

Every message is a frame with one JSON object; where one says ``bytes``, as many bytes follow it, in no frame. Whoever
asks opens the stream: offer, then (after ``send``) the inputs, perhaps ``cancel``, at last ``answer``. Whoever works
answers ``refuse``, ``wait`` or ``send``, tells what happens (``alive`` at least every `HEARTBEAT` seconds), and gives
its receipt. A stream that begins with ``audit`` hands a job that was done to an auditor: see `taking`.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from compute_mesh.jobs.manifest import MOST_BYTES as MOST_MANIFEST
from compute_mesh.jobservice.events import Checkpoint, Output, Piece, Progress, Told
from compute_mesh.transport.failures import Malformed
from compute_mesh.transport.frames import frame, read_frame
from compute_mesh.transport.interface import DEADLINE, Stream
from substrate.record.canonical import JsonObject, canonical_bytes, parse_strict
from substrate.record.errors import RecordError

PROTOCOL: Final = b"lecs/jobs/1"
#: Of one frame: a manifest as text in JSON, or a receipt.
MOST_FRAME: Final = 4 * MOST_MANIFEST
#: Seconds between two signs of life, and without one until the worker counts as gone.
HEARTBEAT: Final = 5.0
SILENCE: Final = 20.0
#: Bytes of a checkpoint: a LoRA term of the largest rank with its optimiser, over a model under 7B.
MOST_CHECKPOINT: Final = 512 << 20
_CHUNK: Final = 256 << 10
_MOST_COUNT: Final = 1 << 48
_MOST_NAME: Final = 32
_MOST_WORDS: Final = 16


class Line:
    """One side of a stream: messages in and out, never two mixed."""

    def __init__(self, stream: Stream) -> None:
        """Nothing was said yet."""
        self._stream, self._turn = stream, asyncio.Lock()

    async def say(self, message: JsonObject, data: bytes | None = None) -> None:
        """Send a message, and bytes after it.

        Raises:
            TransportFailed: the peer is gone, or does not read.
        """
        message = message if data is None else {**message, "bytes": len(data)}
        async with self._turn:
            await self._stream.write(frame(canonical_bytes(message)))
            for start in range(0, len(data or b""), _CHUNK):
                await self._stream.write(memoryview(data or b"")[start : start + _CHUNK])

    async def hear(self, within: float = DEADLINE) -> JsonObject:
        """The next message; its bytes, if it says so, are for `take`.

        Raises:
            Malformed: it is none. TransportFailed.
        """
        raw = await read_frame(self._stream, cap=MOST_FRAME, within=within)
        try:
            return parse_strict(raw, max_bytes=MOST_FRAME)
        except RecordError as error:
            raise Malformed(str(error)) from None

    async def take(self, size: int) -> bytes:
        """``size`` bytes, which the caller held against a cap.

        Raises:
            TransportFailed.
        """
        whole = bytearray()
        while len(whole) < size:
            whole += await self._stream.read_exact(min(_CHUNK, size - len(whole)))
        return bytes(whole)

    async def give(self, data: bytes) -> None:
        """Send bytes that the peer knows the number of."""
        async with self._turn:
            for start in range(0, len(data), _CHUNK):
                await self._stream.write(memoryview(data)[start : start + _CHUNK])

    async def finish(self) -> None:
        """Nothing more is said."""
        await self._stream.finish()


def said(event: Told) -> tuple[JsonObject, bytes | None]:
    """An event as a message, and its bytes."""
    if isinstance(event, Progress):
        # The profile has no fractions: a figure travels in millionths.
        figure = max(-_MOST_COUNT, min(_MOST_COUNT, round(event.figure * 1e6)))
        return {"op": "progress", "done": event.done, "of": event.of, "note": event.note, "figure": figure}, None
    if isinstance(event, Piece):
        return {"op": "piece", "index": event.index, "text": event.text}, None
    if isinstance(event, Checkpoint):
        return {"op": "checkpoint", "engine": event.engine}, event.data
    return {"op": "output", "name": event.name}, event.data


async def event_of(message: JsonObject, line: Line, left: int) -> Told:
    """The event that a worker's message is, with its bytes, of which ``left`` more may come.

    Raises:
        Malformed: it is none, or more than that. TransportFailed.
    """
    kind = message.get("op")
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None or message.keys() != {"op", *fields}:
        raise Malformed("a message that no worker sends")
    found = {name: check(message[name]) for name, check in fields.items()}
    if kind == "progress":
        return Progress(found["done"], found["of"], found["note"], found["figure"] / 1e6)
    if kind == "piece":
        return Piece(found["index"], found["text"])
    size, cap = found["bytes"], MOST_CHECKPOINT if kind == "checkpoint" else left
    if size > cap:
        raise Malformed("more bytes than the job may give")
    data = await line.take(size)
    return Checkpoint(found["engine"], data) if kind == "checkpoint" else Output(found["name"], data)


def text_of(message: JsonObject, name: str) -> str:
    """A text of a message.

    Raises:
        Malformed: it has none of that name.
    """
    return _text(message.get(name))


def word_of(message: JsonObject, name: str) -> str:
    """A short word of a message: small letters, digits and hyphens.

    Raises:
        Malformed: it has none of that name.
    """
    return _word(message.get(name))


def count_of(message: JsonObject, name: str, most: int) -> int:
    """A number from 0 to ``most``.

    Raises:
        Malformed: it has none of that name.
    """
    value = _count(message.get(name))
    if value > most:
        raise Malformed(f"{name}: more than {most}")
    return value


def digest_of(message: JsonObject, name: str) -> str:
    """A digest of a message: 64 hexadecimal digits.

    Raises:
        Malformed: it has none of that name.
    """
    return _digest(message.get(name))


def words_of(message: JsonObject, name: str) -> list[str]:
    """Different short words of a message, a few at most.

    Raises:
        Malformed: it has none of that name.
    """
    words = message.get(name)
    if not isinstance(words, list) or len(words) > _MOST_WORDS or len(set(map(_word, words))) != len(words):
        raise Malformed(f"{name}: no list of different words")
    return words


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_COUNT:
        raise Malformed("a count")
    return value


def _figure(value: Any) -> int:
    if type(value) is not int or abs(value) > _MOST_COUNT:
        raise Malformed("a figure")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise Malformed("a text")
    return value


def _word(value: Any) -> str:
    if (
        type(value) is not str
        or len(value) > _MOST_NAME
        or not all(c.isascii() and (c.isalnum() or c in "-_ ") for c in value)
    ):
        raise Malformed("a word")
    return value


def _digest(value: Any) -> str:
    if type(value) is not str or len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise Malformed("a digest")
    return value


_FIELDS: Final[dict[str, dict[str, Callable[[Any], Any]]]] = {
    "progress": {"done": _count, "of": _count, "note": _word, "figure": _figure},
    "piece": {"index": _count, "text": _text},
    "checkpoint": {"engine": _digest, "bytes": _count},
    "output": {"name": _word, "bytes": _count},
}
