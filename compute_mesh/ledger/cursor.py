"""Reading and writing the parts of a message: fixed bytes, counts, and ids of logs in 40 bytes."""

from typing import Final

from compute_mesh.transport.failures import Malformed
from substrate.record.checkpoint import log_origin, node_of
from substrate.record.errors import RecordError
from substrate.record.keys import did_of, public_of

ORIGIN_BYTES: Final = 40
MOST_NUMBER: Final = 2**53 - 1


class Cursor:
    """Takes parts from the front of a message; never reads past its end."""

    def __init__(self, data: bytes) -> None:
        """``data`` is a whole message."""
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes.

        Raises:
            Malformed: there are fewer.
        """
        if size > len(self._data) - self._at:
            raise Malformed("a message that ends before its last part")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        """A count: LEB128, in its shortest form, up to 2^53-1.

        Raises:
            Malformed: another form, or larger.
        """
        found, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            found |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
            shift += 7
            if shift > 49:
                raise Malformed("a number of more than 53 bits")
        if (shift and byte == 0) or found > MOST_NUMBER:
            raise Malformed("a number that is not in its shortest form")
        return found

    def count(self, least: int) -> int:
        """How many parts of at least ``least`` bytes each follow; never more than there is room for.

        Raises:
            Malformed: more than the rest of the message can hold.
        """
        found = self.number()
        if found * least > len(self._data) - self._at:
            raise Malformed("a message announces more parts than it has room for")
        return found

    def origin(self) -> str:
        """The id of a log.

        Raises:
            Malformed: its key is no usable key.
        """
        raw = self.take(ORIGIN_BYTES)
        origin = log_origin(did_of(raw[:32]), raw[32:].hex())
        try:
            node_of(origin)
        except RecordError as error:
            raise Malformed(str(error)) from None
        return origin

    def end(self) -> None:
        """Say that nothing may follow.

        Raises:
            Malformed: something does.
        """
        if self._at != len(self._data):
            raise Malformed("a message that goes on after its last part")


def number_bytes(value: int) -> bytes:
    """LEB128 in its shortest form."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def origin_bytes(origin: str) -> bytes:
    """The 32 bytes of the node's key and the 8 of the incarnation."""
    node, _, incarnation = origin.partition("/")
    return public_of(node) + bytes.fromhex(incarnation)
