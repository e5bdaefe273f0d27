"""The bytes of ``lecs/blob/1``: one frame asks, one frame answers, in order, as often as the asker likes.

Asking: ``op u8 ‖ name[32]`` and, for a piece, ``number u32``. Answering: ``status u8`` and, when that is 0, what was
asked for. Numbers are big-endian. docs/reference/mesh-blobs.md has the table and test vectors.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from compute_mesh.transport.failures import Malformed
from compute_mesh.transport.frames import LENGTH_BYTES, frame, frame_length
from compute_mesh.transport.interface import Stream
from substrate.record.pieces import HASH_BYTES, LARGE_PIECE, MOST_PIECES

#: The longest frame that asks for something.
MOST_REQUEST: Final = 64
#: The largest blob that is sent as a whole: a text of 4 MiB, sealed, or a file of a manifest.
MOST_WHOLE: Final = 16 << 20
_NUMBER_BYTES: Final = 4
#: Bytes are waited for in slices: a peer that sends less than one within the deadline is too slow.
SLICE: Final = 256 * 1024


class Op(IntEnum):
    """What can be asked for."""

    INDEX = 1  #: the HashSeq of a root
    HAVE = 2  #: which pieces of a root the peer has, one bit each, the first the highest bit of the first byte
    PIECE = 3  #: one piece of a root
    WHOLE = 4  #: a small blob, by the hash of its bytes
    TEXTS = 5  #: the list of a version's public texts: what they are called, and how to open them


class Status(IntEnum):
    """How it was answered."""

    OK = 0
    NOT_HERE = 1  #: this node has no such thing
    NOT_FOR_YOU = 2  #: this node does not give it to the one who asks
    BUSY = 3  #: ask again later


#: How many bytes may follow a status, by what was asked.
MOST_ANSWER: Final = {
    Op.INDEX: MOST_PIECES * HASH_BYTES,
    Op.HAVE: MOST_PIECES // 8,
    Op.PIECE: LARGE_PIECE,
    Op.WHOLE: MOST_WHOLE,
    Op.TEXTS: MOST_WHOLE,
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; ``name`` has 64 hexadecimal digits."""

    op: Op
    name: str
    number: int = 0

    def to_bytes(self) -> bytes:
        """The content of the frame."""
        tail = self.number.to_bytes(_NUMBER_BYTES, "big") if self.op is Op.PIECE else b""
        return bytes([self.op]) + bytes.fromhex(self.name) + tail

    @classmethod
    def from_bytes(cls, data: bytes) -> "Request":
        """Read the content of a frame.

        Raises:
            Malformed: naming the rule.
        """
        if not data or data[0] not in Op._value2member_map_:
            raise Malformed("a request for nothing that this protocol knows")
        op = Op(data[0])
        length = 1 + HASH_BYTES + (_NUMBER_BYTES if op is Op.PIECE else 0)
        if len(data) != length:
            raise Malformed("a request that is too short or too long")
        number = int.from_bytes(data[1 + HASH_BYTES :], "big")
        if number >= MOST_PIECES:
            raise Malformed("a piece beyond the largest blob")
        return cls(op, data[1 : 1 + HASH_BYTES].hex(), number)


def answer_head(status: Status, size: int) -> bytes:
    """What comes before the bytes of an answer."""
    return (size + 1).to_bytes(LENGTH_BYTES, "big") + bytes([status])


def bits_of(have: "set[int] | range", pieces: int) -> bytes:
    """The bits of the pieces that are in ``have``."""
    bits = bytearray(-(-pieces // 8))
    for number in have:
        bits[number // 8] |= 0x80 >> (number % 8)
    return bytes(bits)


def has_bit(bits: bytes | bytearray, number: int) -> bool:
    """Whether piece ``number`` is among them."""
    return bool(bits[number // 8] & (0x80 >> (number % 8)))


def clear_bit(bits: bytearray, number: int) -> None:
    """Take piece ``number`` from them."""
    bits[number // 8] &= ~(0x80 >> (number % 8)) & 0xFF


def check_bits(bits: bytes, pieces: int) -> bytes:
    """``bits``, if they speak of so many pieces.

    Raises:
        Malformed: too few or too many, or a bit behind the last piece.
    """
    if len(bits) != -(-pieces // 8) or any(has_bit(bits, number) for number in range(pieces, 8 * len(bits))):
        raise Malformed("bits that are not one for each piece")
    return bits


async def ask(stream: Stream, request: Request, *, within: float) -> None:
    """Send a request.

    Raises:
        TransportFailed: see `Stream.write`.
    """
    await stream.write(frame(request.to_bytes()), within=within)


async def read_answer(stream: Stream, op: Op, *, most: int | None = None, within: float) -> tuple[Status, bytes]:
    """The next answer; each slice of it may take ``within`` seconds. ``most`` lowers the cap.

    Raises:
        Malformed: longer than the cap, or with a status that is none. TransportFailed: see `Stream.read_exact`.
    """
    cap = MOST_ANSWER[op] if most is None else min(most, MOST_ANSWER[op])
    head = await stream.read_exact(LENGTH_BYTES + 1, within=within)
    size = frame_length(head[:LENGTH_BYTES], cap + 1) - 1
    if size < 0 or head[-1] not in Status._value2member_map_ or (size and head[-1] != Status.OK):
        raise Malformed("an answer without a status, or with more than its status")
    if size <= SLICE:
        return Status(head[-1]), await stream.read_exact(size, within=within)
    slices = [await stream.read_exact(min(SLICE, size - at), within=within) for at in range(0, size, SLICE)]
    return Status(head[-1]), b"".join(slices)
