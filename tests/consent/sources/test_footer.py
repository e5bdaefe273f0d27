"""The sizes that a Parquet file states: right for real files, and named when they lie or go beyond the limits."""

import io
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consent.sources import footer
from consent.sources.footer import MAX_FOOTER_BYTES, MAX_GROUP_ROWS, BadFooter, read_groups

WORDS = ["one", "two", "three", "four", "five"]


def of(columns: Any, **how: Any) -> bytes:
    """A Parquet file as Arrow writes it."""
    out = io.BytesIO()
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), out, **how)
    return out.getvalue()


def put(folder: Path, data: bytes) -> Path:
    (folder / "file.parquet").write_bytes(data)
    return folder / "file.parquet"


def with_footer(data: bytes, footer: bytes) -> bytes:
    """The pages of a file under another footer."""
    length = int.from_bytes(data[-8:-4], "little")
    return data[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_rows_of_every_group(tmp_path: Path, codec: str, version: str) -> None:
    """Whatever the codec, the version of the pages, and with or without a dictionary."""
    for dictionary in (True, False):
        data = of({"text": WORDS}, row_group_size=2, compression=codec, data_page_version=version,
                  use_dictionary=dictionary)  # fmt: skip
        assert [group.rows for group in read_groups(put(tmp_path, data))] == [2, 2, 1]


def test_files_of_another_writer(tmp_path: Path) -> None:
    """Polars writes its pages in another way; nested columns count as their leaves."""
    frame = pl.DataFrame({"text": WORDS, "declared": [{"adult": True, "sensitive": ["health"]}] * 5})
    frame.write_parquet(tmp_path / "file.parquet", row_group_size=3)
    assert sum(group.rows for group in read_groups(tmp_path / "file.parquet")) == 5


def test_nothing_in_it(tmp_path: Path) -> None:
    """No rows and no columns are no error: there is nothing to unpack."""
    assert sum(group.rows for group in read_groups(put(tmp_path, of({"text": pa.array([], pa.string())})))) == 0
    assert sum(group.rows for group in read_groups(put(tmp_path, of({})))) == 0
    assert read_groups(put(tmp_path, with_footer(of({"text": WORDS}), bytes(100)))) == []


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty", b"", "not Parquet, or cut off"),
        ("magic alone", b"PAR1PAR1", "not Parquet, or cut off"),
        ("another file", b"a text that is no Parquet at all", "not Parquet, or cut off"),
        ("cut off", of({"text": WORDS})[:-1], "not Parquet, or cut off"),
        ("encrypted", of({"text": WORDS})[:-4] + b"PARE", "encrypted"),
        ("a footer longer than the file", of({"text": WORDS})[:-8] + b"\xff\xff\xff\x00PAR1", "damaged, or longer"),
        ("a footer of no length", of({"text": WORDS})[:-8] + bytes(4) + b"PAR1", "damaged, or longer"),
        ("a footer that ends early", with_footer(of({"text": WORDS}), b"\x15"), "damaged"),
        ("a number without an end", with_footer(of({"text": WORDS}), b"\x15" + b"\xff" * 12), "damaged"),
        ("a list without an end", with_footer(of({"text": WORDS}), b"\x19\xf5" + b"\xff" * 8 + b"\x01"), "damaged"),
        ("parts in parts", with_footer(of({"text": WORDS}), b"\x1c" * 50), "nested too deep"),
        ("lists in lists", with_footer(of({"text": WORDS}), b"\x19" + b"\x19" * 50), "nested too deep"),
        ("an unknown type", with_footer(of({"text": WORDS}), b"\x1d\x00"), "damaged"),
    ],
)  # fmt: skip
def test_what_is_no_footer(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    """Refused by name, in bounded time; the message quotes nothing of the file."""
    with pytest.raises(BadFooter, match=said) as caught:
        read_groups(put(tmp_path, data))
    assert "no Parquet at all" not in str(caught.value)


def test_any_changed_byte_of_the_footer(tmp_path: Path) -> None:
    """Read as something, or refused: never another exception."""
    data = of({"text": WORDS, "tier": ["public"] * 5})
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    refused = 0
    for place in range(start, len(data) - 8):
        for flip in (0x01, 0x80, 0xFF):
            changed = data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]
            try:
                read_groups(put(tmp_path, changed))
            except BadFooter:
                refused += 1
    assert refused > 100


def test_more_inside_than_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of a group and of a file, bytes of a group and of a dictionary, values: each limit by its name."""
    many = of({"text": pa.nulls(MAX_GROUP_ROWS + 1, pa.string())}, row_group_size=2 * MAX_GROUP_ROWS)
    with pytest.raises(BadFooter, match=f"more than {MAX_GROUP_ROWS} rows"):
        read_groups(put(tmp_path, many))
    plain = put(tmp_path, of({"text": [word * 2000 for word in WORDS]}, use_dictionary=False))
    with_dictionary = of({"text": [word * 2000 for word in WORDS] * 2})
    for limit, value, said in (
        ("MAX_ROWS", 4, "more than 4 rows"),
        ("MAX_GROUP_BYTES", 1000, "unpacks to more than 1000 bytes"),
        ("MAX_FOOTER_BYTES", 10, "longer than 10 bytes"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(footer, limit, value)
            with pytest.raises(BadFooter, match=said):
                read_groups(plain)
    monkeypatch.setattr(footer, "MAX_DICTIONARY_BYTES", 1000)
    with pytest.raises(BadFooter, match="dictionary of row group 1 is longer than 1000 bytes"):
        read_groups(put(tmp_path, with_dictionary))
    assert MAX_FOOTER_BYTES > 10, "the limits themselves are left as they were"


def test_pages_that_state_more_than_their_footer(tmp_path: Path) -> None:
    """A footer can be written to look small: the pages are counted too."""
    data = of({"text": ["x" * (3 << 20)] * 50}, use_dictionary=False, compression="zstd", data_page_size=1 << 30)
    honest = len(data) < (1 << 20)
    assert honest, "packed it is small"
    with pytest.raises(BadFooter, match="unpacks to more than"):
        read_groups(put(tmp_path, data))
    stated = (3 << 20) * 50
    low = _with_integer(data, stated, 1000)
    with pytest.raises(BadFooter):
        read_groups(put(tmp_path, low))


def _with_integer(data: bytes, least: int, other: int) -> bytes:
    """Every number of at least ``least`` in the footer written as ``other`` (padded to the same length)."""
    length = int.from_bytes(data[-8:-4], "little")
    begin = len(data) - 8 - length
    raw, place = bytearray(data[begin:-8]), 0
    changed = 0
    while place < len(raw):
        end = place
        while end < len(raw) and raw[end] & 128:
            end += 1
        value = sum((byte & 127) << (7 * n) for n, byte in enumerate(raw[place : end + 1]))
        if least <= value >> 1 <= least * 2 and end - place < 6:
            width = end - place + 1
            number = other << 1
            raw[place : end + 1] = bytes(
                [(number >> (7 * n)) & 127 | (128 if n < width - 1 else 0) for n in range(width)]
            )
            changed += 1
        place = end + 1 if end > place else place + 1
    assert changed, "the footer states the size"
    return data[:begin] + bytes(raw) + data[-8:]
