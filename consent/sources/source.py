"""What every form of archive gives: a fingerprint, a number of rows, and rows one by one."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consent.rows import MAX_ROW_BYTES, Refusal
from substrate.record.canonical import JsonObject

#: Rows are taken in chunks of at most so many bytes as they came (or one row, if it is longer).
MAX_CHUNK_BYTES: Final = MAX_ROW_BYTES


class UnreadableSource(Exception):
    """The source is not there, or of a form that cannot be read; the message says what to give instead."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One row as it came.

    ``line`` counts from 1: lines of a ``.jsonl``, files of a folder in the order of their names, records of a
    ``.csv`` with the header as number 1, rows of a ``.parquet``. ``size`` is about what it weighs in bytes.
    """

    line: int
    row: JsonObject | Refusal
    size: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """An archive: a fingerprint under the home's key, how many lines it seems to have, and its lines."""

    fingerprint: str
    total: int
    lines: Callable[[], Iterator[SourceLine]]


def in_chunks(lines: Iterable[SourceLine], most: int) -> Iterator[list[SourceLine]]:
    """Chunks of at most ``most`` rows and `MAX_CHUNK_BYTES`: long rows do not pile up in memory."""
    chunk: list[SourceLine] = []
    size = 0
    for line in lines:
        if chunk and (len(chunk) >= most or size + line.size > MAX_CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += line.size
    if chunk:
        yield chunk


def fingerprint(files: Iterable[Path], key: bytes, most: int | None = None) -> str:
    """Names the bytes of an archive under the home's key; of a file longer than ``most``, its beginning."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for path in files:
        with path.open("rb") as file:
            if most is not None and path.stat().st_size > most:
                mac.update(hashlib.sha256(file.read(most)).digest())
            else:
                mac.update(hashlib.file_digest(file, "sha256").digest())
    return mac.hexdigest()


def count_lines(path: Path) -> int:
    """How many lines a file seems to have: for progress, not for counting rows."""
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) or 1
