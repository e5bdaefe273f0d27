"""Which reader an archive gets, and the names of what is not read."""

from pathlib import Path
from typing import Final

from consent.encodings import foreign_bytes
from consent.rows import MAX_ROW_BYTES
from consent.sources.folder import text_files, text_lines
from consent.sources.json_lines import json_lines
from consent.sources.source import Source, UnreadableSource, count_lines, fingerprint
from consent.sources.table import read_header, table_rows

ACCEPTED: Final = "give a folder of .txt or .md files, or a .jsonl, .csv or .parquet file"
_PACKED: Final = (".gz", ".zip", ".zst", ".bz2", ".xz", ".7z", ".tar", ".tgz")
_SHEETS: Final = (".xlsx", ".xls", ".ods")


def open_source(path: Path, key: bytes) -> Source:
    """Look at an archive without reading it into memory.

    Raises:
        UnreadableSource: naming what is accepted.
    """
    if path.is_dir():
        files = text_files(path)
        if not files:
            raise UnreadableSource(f"{path} holds no .txt or .md file")
        return Source(fingerprint(files, key, MAX_ROW_BYTES), len(files), lambda: text_lines(files))
    if not path.exists():
        raise UnreadableSource(f"{path} does not exist")
    if not path.is_file():
        raise UnreadableSource(f"{path} is not a plain file; {ACCEPTED}")
    return _open_file(path, key)


def _open_file(path: Path, key: bytes) -> Source:
    ending = path.suffix.lower()
    if ending == ".parquet":
        from consent.sources.parquet_file import check_parquet, parquet_rows  # Polars, which no other archive needs

        checked = check_parquet(path)
        return Source(fingerprint([path], key), checked.rows, lambda: parquet_rows(path, checked))
    if ending not in (".jsonl", ".csv"):
        raise UnreadableSource(f"{path.name}: {_instead(ending)}")
    with path.open("rb") as file:
        foreign = foreign_bytes(file.read(8))
    if foreign:
        raise UnreadableSource(f"{path.name}: {foreign}")
    if ending == ".csv":
        header = read_header(path)
        return Source(fingerprint([path], key), count_lines(path), lambda: table_rows(path, header))
    return Source(fingerprint([path], key), count_lines(path), lambda: json_lines(path))


def _instead(ending: str) -> str:
    if ending in _PACKED:
        return "compressed archives are not read, since a small one can hold any amount: unpack it first"
    if ending in _SHEETS:
        return "save the sheet as CSV in UTF-8"
    if ending == ".tsv":
        return "name it .csv: tabs between columns are found by themselves"
    return ACCEPTED
