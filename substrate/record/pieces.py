"""How a large blob is cut and named: pieces, their hashes in a row (a *HashSeq*), and the root, BLAKE3 over the row.

A piece has 1 MiB, or 256 KiB where the whole has less than 16 MiB; the last one has what is left. The root commits to
the hashes alone; the first and the last piece, once their hashes fit, say how long pieces and whole are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from substrate.record.errors import BadInclusion, MalformedDocument

LARGE_PIECE: Final = 1 << 20
SMALL_PIECE: Final = 256 * 1024
#: From this size on, pieces are large.
SMALL_BELOW: Final = 16 << 20
HASH_BYTES: Final = 32
#: 128 GiB in large pieces; an index of 4 MiB.
MOST_PIECES: Final = 131_072


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the pieces of a blob lie."""

    size: int
    piece: int
    pieces: int

    def start(self, number: int) -> int:
        """The offset of piece ``number``."""
        return number * self.piece

    def length(self, number: int) -> int:
        """How many bytes piece ``number`` has."""
        return min(self.piece, self.size - number * self.piece)


def piece_size(size: int) -> int:
    """How long the pieces of a blob of ``size`` bytes are."""
    return SMALL_PIECE if size < SMALL_BELOW else LARGE_PIECE


def layout_of(size: int) -> Layout:
    """How a blob of ``size`` bytes is cut.

    Raises:
        MalformedDocument: it would have more than `MOST_PIECES`.
    """
    piece = piece_size(size)
    pieces = -(-size // piece)
    if pieces > MOST_PIECES:
        raise MalformedDocument(f"a blob of more than {MOST_PIECES} pieces")
    return Layout(size, piece, pieces)


def layout_from_ends(pieces: int, first: int, last: int) -> Layout:
    """The layout that the lengths of the first and the last piece prove, both checked against their hashes.

    Raises:
        BadInclusion: no blob is cut like this: whoever made the root did not follow the rule.
    """
    size = 0 if pieces == 0 else (pieces - 1) * first + last
    layout = layout_of(size)
    if layout.pieces != pieces or (pieces and (layout.length(0), layout.length(pieces - 1)) != (first, last)):
        raise BadInclusion("no blob is cut into pieces of these lengths")
    return layout


def piece_name(data: bytes) -> bytes:
    """The 32-byte hash of a piece."""
    return blake3(data).digest()


def root_of(index: bytes) -> str:
    """The root, 64 hexadecimal digits, of a HashSeq."""
    return blake3(index).hexdigest()


def check_index(root: str, index: bytes) -> int:
    """How many pieces the HashSeq ``index`` lists.

    Raises:
        BadInclusion: it is not the one that ``root`` names, or none.
    """
    if len(index) % HASH_BYTES or len(index) > MOST_PIECES * HASH_BYTES:
        raise BadInclusion("a row of hashes that is not of whole hashes, or too long")
    if root_of(index) != root:
        raise BadInclusion("a row of hashes that the root does not name")
    return len(index) // HASH_BYTES


def hashes_in(index: bytes) -> Iterator[bytes]:
    """The hashes of a HashSeq, in order."""
    for start in range(0, len(index), HASH_BYTES):
        yield index[start : start + HASH_BYTES]
