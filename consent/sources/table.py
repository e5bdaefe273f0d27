"""``.csv``: a header, then one row per record. Commas, semicolons or tabs, told from the header alone."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consent.rows import MAX_ROW_BYTES, Refusal
from consent.sources.columns import check_columns, read_cells
from consent.sources.settling import settle
from consent.sources.source import SourceLine, UnreadableSource

MAX_HEADER_BYTES: Final = 16 * 1024
_DELIMITERS: Final = (",", ";", "\t")
_BLOCK: Final = 1 << 16
_MARK: Final = b"\xef\xbb\xbf"
_ENDS: Final = (b"\n", b"\r")


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a table and what stands between them."""

    names: tuple[str, ...]
    delimiter: str


class _TooLong(Exception):
    """A record that is longer than a row may be."""


def read_header(path: Path) -> Header:
    """The first line, as columns.

    Raises:
        UnreadableSource: no header, an unknown column, or one given twice.
    """
    with path.open("rb") as file:
        head = file.read(MAX_HEADER_BYTES).removeprefix(_MARK)
    line, _, _ = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n")
    if len(line) >= MAX_HEADER_BYTES - len(_MARK):
        raise UnreadableSource(f"{path.name}: the header is longer than {MAX_HEADER_BYTES} bytes")
    text = line.decode("utf-8", "replace")
    delimiter = max(_DELIMITERS, key=text.count)
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        raise UnreadableSource(f"{path.name}: the header does not end on its line") from None
    names = tuple(cell.strip() for cell in cells)
    check_columns(names, path.name)
    return Header(names, delimiter)


def table_rows(path: Path, header: Header) -> Iterator[SourceLine]:
    """One row per record; the header is record 1, blank records count, as in a spreadsheet.

    Once a record is not CSV (a quotation mark that is never closed), nobody can say where the next one begins:
    it is refused, and the rest of the file is not read.
    """
    csv.field_size_limit(MAX_ROW_BYTES)
    lines = _Lines(path)
    reader = csv.reader(lines, delimiter=header.delimiter, strict=True)
    next(reader, None)
    number = 1
    while True:
        number += 1
        lines.taken = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLong) as error:
            yield SourceLine(number, Refusal("malformed", _why(error)))
            return
        if cells:
            yield _row(number, header, cells, lines.taken)


def _row(number: int, header: Header, cells: list[str], size: int) -> SourceLine:
    if len(cells) != len(header.names):
        sentence = f"the record has {len(cells)} cells, the header {len(header.names)} columns"
        return SourceLine(number, Refusal("malformed", sentence))
    row = read_cells(header.names, cells)
    return SourceLine(number, row if isinstance(row, Refusal) else settle(row), size)


def _why(error: Exception) -> str:
    if isinstance(error, _TooLong):
        rule = f"the record is longer than {MAX_ROW_BYTES} bytes (a quotation mark that is not closed?)"
    else:
        rule = "a quotation mark inside a cell must be doubled, and one that opens a cell must close it"
    return f"{rule}; this record and the rest of the file were not read"


class _Lines:
    """Physical lines with their ends, in bounded memory.

    Bytes that are not UTF-8 become lone surrogates, so that they are refused with their own record.
    """

    def __init__(self, path: Path) -> None:
        self.taken = 0
        self._lines = self._read(path)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken += len(line)
        if self.taken > MAX_ROW_BYTES:
            raise _TooLong
        return line.decode("utf-8", "surrogateescape")

    def _read(self, path: Path) -> Iterator[bytes]:
        """Lines end with LF, CRLF or CR; a line beyond the bound comes cut, and is refused."""
        rest: list[bytes] = []
        size = 0
        with path.open("rb") as file:
            if file.read(len(_MARK)) != _MARK:
                file.seek(0)
            while block := file.read(_BLOCK):
                # A CR at the end of a block may be half of a CRLF.
                block += file.read(1) if block.endswith(b"\r") else b""
                first, *others = block.splitlines(keepends=True)
                rest.append(first)
                size += len(first)
                if first.endswith(_ENDS) or size > MAX_ROW_BYTES:
                    yield b"".join(rest)
                    yield from others[:-1]
                    rest, size = others[-1:], len(others[-1]) if others else 0
                    if rest and rest[0].endswith(_ENDS):
                        yield rest.pop()
                        size = 0
        if rest:
            yield b"".join(rest)
