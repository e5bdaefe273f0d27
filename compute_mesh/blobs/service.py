"""The side that gives: answers what a peer asks on each of its streams, as far as it may have it and as fast."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from compute_mesh.blobs.messages import MOST_REQUEST, Op, Request, Status, answer_head
from compute_mesh.blobs.rates import Allowance, Allowances
from compute_mesh.blobs.shelf import Shelf
from compute_mesh.transport.frames import read_frame_or_end
from compute_mesh.transport.interface import DEADLINE, Connection, Stream
from compute_mesh.transport.serving import serve_streams
from substrate.store.errors import HomeError, NotFound

#: Seconds that a stream may stay without a request.
IDLE: Final = 60.0
#: Streams of one connection that are answered at once.
MOST_STREAMS: Final = 4
#: Answers that are in memory at once, of all peers.
MOST_ANSWERS: Final = 64
_LOG: Final = logging.getLogger(__name__)

#: May this peer (its transport key) have what this asks for? OK, NOT_FOR_YOU or BUSY; asked for every request.
Permission = Callable[[str, Request], Awaitable[Status]]


@dataclass(slots=True)
class Given:
    """What was given out since the start."""

    pieces: int = 0
    bytes: int = 0
    refused: int = 0


@dataclass
class BlobService:
    """Serves ``lecs/blob/1``. ``bytes_per_second`` is the cap for each peer, 0 for none; ``in_all`` is shared."""

    shelf: Shelf
    permitted: Permission
    bytes_per_second: float = 0.0
    in_all: Allowance | None = None
    given: Given = field(default_factory=Given)

    def __post_init__(self) -> None:
        """Nobody has asked yet."""
        self._allowances = Allowances(self.bytes_per_second, self.in_all)
        self._room = asyncio.Semaphore(MOST_ANSWERS)

    async def serve(self, connection: Connection) -> None:
        """Answer until the connection ends.

        Raises:
            TransportFailed: it ended badly; nobody else is concerned.
        """
        await serve_streams(connection, lambda stream: self._stream(connection.peer, stream), most=MOST_STREAMS)

    async def _stream(self, peer: str, stream: Stream) -> None:
        while (asked := await read_frame_or_end(stream, cap=MOST_REQUEST, within=IDLE)) is not None:
            request = Request.from_bytes(asked)
            async with self._room:  # Free again within the deadlines of those who are before us.
                status, data = await self._answer(peer, request)
                await self._allowances.spend(peer, len(data))
                await stream.write(answer_head(status, len(data)), within=DEADLINE)
                if data:
                    await stream.write(data, within=DEADLINE * 4)
                    self.given.bytes += len(data)
        await stream.finish(within=DEADLINE)

    async def _answer(self, peer: str, request: Request) -> tuple[Status, bytes]:
        verdict = await self.permitted(peer, request)
        if verdict is not Status.OK:
            self.given.refused += 1
            return verdict, b""
        try:
            data = await asyncio.get_running_loop().run_in_executor(None, self._look_up, request)
        except NotFound:
            return Status.NOT_HERE, b""
        except (HomeError, OSError) as error:
            # Damaged here: the peer gets nothing that would make us look like a liar, and the owner is told.
            _LOG.error("a blob cannot be given out: %s", error if isinstance(error, HomeError) else "it cannot be read")
            return Status.NOT_HERE, b""
        self.given.pieces += request.op is Op.PIECE
        return Status.OK, data

    def _look_up(self, request: Request) -> bytes:
        if request.op is Op.INDEX:
            return self.shelf.index(request.name)
        if request.op is Op.HAVE:
            return self.shelf.have(request.name)
        if request.op is Op.PIECE:
            return self.shelf.piece(request.name, request.number)
        if request.op is Op.WHOLE:
            return self.shelf.whole(request.name)
        return self.shelf.texts(request.name)
