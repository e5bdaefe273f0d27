"""Bytes that are not UTF-8, told by their name. Nothing is guessed and converted: a wrong guess changes words."""

from typing import Final

_MARKS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xfe\x00\x00", "this looks like UTF-32: save it as UTF-8"),
    (b"\x00\x00\xfe\xff", "this looks like UTF-32: save it as UTF-8"),
    (b"\xff\xfe", "this looks like UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "this looks like UTF-16: save it as UTF-8"),
    (b"\x1f\x8b", "this is compressed (gzip): unpack it first"),
    (b"PK\x03\x04", "this is a zip archive or a spreadsheet: unpack it first, or save the sheet as CSV in UTF-8"),
    (b"\x28\xb5\x2f\xfd", "this is compressed (zstd): unpack it first"),
    (b"BZh", "this is compressed (bzip2): unpack it first"),
    (b"\xfd7zXZ", "this is compressed (xz): unpack it first"),
    (b"7z\xbc\xaf", "this is a 7z archive: unpack it first"),
    (b"PAR1", "this is Parquet: name it .parquet"),
    (b"%PDF-", "this is PDF: save the text itself"),
    (b"SQLite ", "this is a database: write its rows as .jsonl or .csv"),
)
#: Bytes that Windows-1252 does not have: their absence makes it likely, not certain.
_NOT_1252: Final = bytes([0x00, 0x81, 0x8D, 0x8F, 0x90, 0x9D])


def foreign_bytes(head: bytes) -> str:
    """What the first bytes of a file say it is, and what to do, when it is not UTF-8 text; else empty."""
    return next((sentence for mark, sentence in _MARKS if head.startswith(mark)), "")


def not_utf8(data: bytes, position: int) -> str:
    """The sentence about bytes that stop being UTF-8 at ``position``."""
    foreign = foreign_bytes(data[:8])
    if foreign:
        return foreign
    latin = not any(byte in data for byte in _NOT_1252)
    what = "this looks like Latin-1 or Windows-1252: " if latin else ""
    return f"not UTF-8 at byte {position}; {what}save it as UTF-8"
