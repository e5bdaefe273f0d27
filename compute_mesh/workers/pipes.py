"""The node's ends of a worker's two pipes, as asyncio reads and writes them."""

import asyncio
import os
from asyncio.streams import FlowControlMixin
from typing import Any, Final

from compute_mesh.transport.failures import Malformed
from compute_mesh.transport.frames import LENGTH_BYTES, frame_length
from compute_mesh.workers.frames import MOST_MESSAGE, BadFrame, packed, parsed

#: Seconds in which a worker must have taken what was written to it.
_PATIENCE: Final = 60.0


class Closed(Exception):
    """The worker's end is closed."""


class Pipes:
    """Messages to and from one worker. Made by `open_pipes`."""

    def __init__(self, reader: asyncio.StreamReader, read: asyncio.ReadTransport, writer: asyncio.StreamWriter) -> None:
        """The streams, and the transport of the first."""
        self._reader, self._read, self._writer = reader, read, writer
        self._turn = asyncio.Lock()

    async def say(self, *messages: dict[str, Any]) -> None:
        """Send messages, nothing of another's between them.

        Raises:
            Closed: the worker is gone, or does not take them.
        """
        async with self._turn:
            try:
                for message in messages:
                    self._writer.write(packed(message))
                    async with asyncio.timeout(_PATIENCE):
                        await self._writer.drain()
            except (OSError, TimeoutError):
                raise Closed from None

    async def hear(self) -> dict[str, Any]:
        """The next message of the worker.

        Raises:
            Closed: it ended. BadFrame: its bytes are no message.
        """
        try:
            size = frame_length(await self._reader.readexactly(LENGTH_BYTES), MOST_MESSAGE)
            return parsed(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, OSError):
            raise Closed from None
        except Malformed:
            raise BadFrame("a message that is too long") from None

    def close(self) -> None:
        """Close both ends."""
        for one in (self._writer.transport, self._read):
            if not one.is_closing():
                one.abort() if isinstance(one, asyncio.WriteTransport) else one.close()


async def open_pipes() -> tuple[Pipes, int, int]:
    """Pipes, and the descriptors of the worker's ends: what it reads, what it writes. The caller closes these."""
    loop = asyncio.get_running_loop()
    their_input, our_output = os.pipe()
    our_input, their_output = os.pipe()
    reader = asyncio.StreamReader(limit=4 * MOST_MESSAGE)
    read, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(our_input, "rb", buffering=0)
    )
    write, flow = await loop.connect_write_pipe(
        lambda: FlowControlMixin(loop), os.fdopen(our_output, "wb", buffering=0)
    )
    writer = asyncio.StreamWriter(write, flow, None, loop)
    return Pipes(reader, read, writer), their_input, their_output
