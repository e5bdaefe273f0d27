"""The sizes that a Parquet file states, read before anything of it is unpacked.

Only the footer and the page headers are read (Thrift's compact protocol), in bounded memory. A small file can
state any amount: what is too large is refused from these figures, and pages that state more than their footer
are refused too.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

MAX_FOOTER_BYTES: Final = 4 * 1024 * 1024
MAX_GROUP_BYTES: Final = 128 * 1024 * 1024
MAX_GROUP_ROWS: Final = 1024 * 1024
MAX_VALUES: Final = 16 * 1024 * 1024
MAX_ROWS: Final = 10_000_000
#: One long entry can stand for every row of a slice; writers stop at about 1 MiB.
MAX_DICTIONARY_BYTES: Final = 16 * 1024 * 1024
_MAX_PARTS: Final = 2_000_000
_MAX_DEPTH: Final = 16
_MAX_PAGE_HEADER: Final = 64 * 1024

Struct = dict[int, Any]


class BadFooter(ValueError):
    """The file cannot be read, or is larger inside than what is accepted; the message says which and the limit."""


@dataclass(frozen=True, slots=True)
class Group:
    """A row group: how many rows it has."""

    rows: int


def read_groups(path: Path) -> list[Group]:
    """The row groups of a file, each within the limits.

    Raises:
        BadFooter: cut off, encrypted, damaged, or too large inside.
    """
    with path.open("rb") as file:
        try:
            meta = _read_footer(file)
            groups = [_check_group(file, number, group) for number, group in enumerate(meta.get(4, []), start=1)]
        except BadFooter:
            raise
        except (KeyError, TypeError, AttributeError, IndexError, ValueError, OverflowError):
            raise BadFooter("its footer is damaged") from None
    if sum(group.rows for group in groups) > MAX_ROWS:
        raise BadFooter(f"it has more than {MAX_ROWS} rows: split it")
    return groups


def _read_footer(file: IO[bytes]) -> Struct:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(4)
    file.seek(max(0, size - 8))
    tail = file.read(8)
    if b"PARE" in (start, tail[4:]):
        raise BadFooter("it is encrypted: write it without")
    if size < 12 or start != b"PAR1" or tail[4:] != b"PAR1":
        raise BadFooter("it is not Parquet, or cut off")
    length = int.from_bytes(tail[:4], "little")
    if not 0 < length <= min(MAX_FOOTER_BYTES, size - 12):
        raise BadFooter(f"its footer is damaged, or longer than {MAX_FOOTER_BYTES} bytes")
    file.seek(size - 8 - length)
    meta = _Compact(file.read(length)).struct()
    if 8 in meta:
        raise BadFooter("it is encrypted: write it without")
    return meta


def _check_group(file: IO[bytes], number: int, group: Struct) -> Group:
    """Limits first on what the footer states, then on what the pages state."""
    rows, columns = int(group[3]), [column[3] for column in group[1]]
    stated = sum(int(column[6]) for column in columns)
    if rows > MAX_GROUP_ROWS or rows < 0:
        raise BadFooter(f"row group {number} has more than {MAX_GROUP_ROWS} rows: write smaller ones")
    if stated > MAX_GROUP_BYTES or any(int(column[6]) < 0 for column in columns):
        raise BadFooter(f"row group {number} unpacks to more than {MAX_GROUP_BYTES} bytes: write smaller ones")
    budget = _Budget(number)
    for column in columns if rows else ():
        _walk_pages(file, column, budget)
    return Group(rows)


@dataclass
class _Budget:
    """What the pages of a row group may still hold."""

    number: int
    bytes: int = MAX_GROUP_BYTES
    values: int = MAX_VALUES

    def take(self, header: Struct) -> int:
        """Count a page; returns the length of its packed bytes."""
        unpacked, packed = int(header[2]), int(header[3])
        kind = header.get(5) or header.get(7) or header.get(8) or {}
        values = int(kind.get(1, 0))
        self.bytes -= unpacked
        self.values -= values
        if min(unpacked, packed, values) < 0:
            raise BadFooter(f"row group {self.number} has a damaged page")
        if 7 in header and unpacked > MAX_DICTIONARY_BYTES:
            raise BadFooter(f"a dictionary of row group {self.number} is longer than {MAX_DICTIONARY_BYTES} bytes")
        if self.bytes < 0:
            raise BadFooter(f"row group {self.number} unpacks to more than {MAX_GROUP_BYTES} bytes")
        if self.values < 0:
            raise BadFooter(f"row group {self.number} has more than {MAX_VALUES} values: write smaller ones")
        return packed


def _walk_pages(file: IO[bytes], column: Struct, budget: _Budget) -> None:
    place = min((int(offset) for offset in (column[9], column.get(11)) if offset), default=0)
    if place < len(b"PAR1"):
        raise BadFooter("its footer is damaged")
    end = place + int(column[7])
    while place < end:
        file.seek(place)
        reader = _Compact(file.read(min(_MAX_PAGE_HEADER, end - place)))
        header = reader.struct()
        place += reader.position + budget.take(header)


class _Compact:
    """Thrift's compact protocol: fields by number, nothing interpreted."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._parts = 0
        self.position = 0

    def struct(self, depth: int = 0) -> Struct:
        """A struct as a dictionary of its fields' numbers."""
        if depth > _MAX_DEPTH:
            raise BadFooter("its footer is nested too deep")
        found: Struct = {}
        number = 0
        while head := self._byte():
            delta, kind = head >> 4, head & 15
            number = number + delta if delta else self._integer()
            found[number] = kind == 1 if kind in (1, 2) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise BadFooter("its footer has too many parts")
        if kind in (1, 2, 3):
            return self._byte()
        if kind in (4, 5, 6):
            return self._integer()
        if kind == 7:
            return self._bytes(8)
        if kind == 8:
            return self._bytes(self._varint())
        if kind in (9, 10):
            return self._list(depth)
        if kind == 12:
            return self.struct(depth + 1)
        raise BadFooter("its footer is damaged")

    def _list(self, depth: int) -> list[Any]:
        if depth > _MAX_DEPTH:
            raise BadFooter("its footer is nested too deep")
        head = self._byte()
        size = head >> 4 if head >> 4 != 15 else self._varint()
        return [self._value(head & 15, depth + 1) for _ in range(size)]

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise BadFooter("its footer is damaged")

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self._data):
            raise BadFooter("its footer is damaged")
        found = self._data[self.position : end]
        self.position = end
        return found
