"""What really arrived: reads along with a node's blob streams, and knows the right pieces. Independent of the fetch."""

from collections import deque

from compute_mesh.blobs.messages import Op, Request
from compute_mesh.transport.frames import LENGTH_BYTES
from compute_mesh.transport.interface import DEADLINE, Buffer, Connection, Stream
from compute_mesh.transport.wrapped import WrappedConnection, WrappedStream
from substrate.record.pieces import HASH_BYTES, piece_name


class Witness:
    """Notes which peer gave a wrong piece, in full, to the one node that it watches."""

    def __init__(self, indexes: dict[str, bytes]) -> None:
        """``indexes`` are the true HashSeqs, by root."""
        self._indexes = indexes
        self.wrong: set[tuple[str, str, int]] = set()

    def watch(self, connection: Connection) -> Connection:
        """The same connection, with somebody reading along."""
        return _WatchedConnection(connection, self)

    def saw(self, peer: str, request: Request, data: bytes) -> None:
        """A whole answer to a request for a piece."""
        index = self._indexes[request.name]
        start = request.number * HASH_BYTES
        if piece_name(data) != index[start : start + HASH_BYTES]:
            self.wrong.add((peer, request.name, request.number))


class _WatchedConnection(WrappedConnection):
    def __init__(self, inner: Connection, witness: Witness) -> None:
        super().__init__(inner)
        self._witness = witness

    async def open_stream(self, *, within: float = DEADLINE) -> Stream:
        return _WatchedStream(await super().open_stream(within=within), self.peer, self._witness)


class _WatchedStream(WrappedStream):
    def __init__(self, inner: Stream, peer: str, witness: Witness) -> None:
        super().__init__(inner)
        self._peer, self._witness = peer, witness
        self._asked: deque[Request] = deque()
        self._answer = bytearray()

    async def _write(self, data: Buffer) -> None:
        await super()._write(data)
        self._asked.append(Request.from_bytes(bytes(data)[LENGTH_BYTES:]))

    async def _read_exact(self, size: int) -> bytes:
        found = await super()._read_exact(size)
        self._answer += found
        length = int.from_bytes(self._answer[:LENGTH_BYTES], "big") + LENGTH_BYTES
        if len(self._answer) >= length:
            request, whole = self._asked.popleft(), bytes(self._answer[LENGTH_BYTES + 1 : length])
            del self._answer[:length]
            if request.op is Op.PIECE and whole:
                self._witness.saw(self._peer, request, whole)
        return found
