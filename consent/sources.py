"""Where rows come from: a folder of ``.txt`` and ``.md``, or a ``.jsonl`` file. Streamed, never all at once."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from consent.rows import MAX_ROW_BYTES, Refusal, read_row
from consent.text import TextRefused, decode_text
from substrate.record.canonical import JsonObject

TEXT_ENDINGS = (".txt", ".md")


class UnreadableSource(Exception):
    """The source is not there, or of a form that cannot be read; the message says what to give instead."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One row as it came: ``line`` counts from 1 (in a folder: the files in the order of their names)."""

    line: int
    row: JsonObject | Refusal


@dataclass(frozen=True, slots=True)
class Source:
    """An archive: a fingerprint under the home's key, how many lines it seems to have, and its lines."""

    fingerprint: str
    total: int
    lines: Callable[[], Iterator[SourceLine]]


def open_source(path: Path, key: bytes) -> Source:
    """Look at an archive without reading it into memory.

    Raises:
        UnreadableSource: naming what is accepted.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix.lower() in TEXT_ENDINGS and _is_plain(p, path))
        if not files:
            raise UnreadableSource(f"{path} holds no .txt or .md file")
        return Source(_fingerprint(files, key), len(files), lambda: _text_files(files))
    if not path.is_file():
        raise UnreadableSource(f"{path} does not exist")
    if path.suffix.lower() != ".jsonl":
        raise UnreadableSource(f"{path.name}: give a folder of .txt or .md files, or a .jsonl file")
    return Source(_fingerprint([path], key), _count_lines(path), lambda: _json_lines(path))


def _is_plain(path: Path, root: Path) -> bool:
    """A real file inside the folder: no link leads out of what was given."""
    return path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(root.resolve())


def _fingerprint(files: list[Path], key: bytes) -> str:
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for path in files:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        mac.update(content)
    return mac.hexdigest()


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) or 1


def _text_files(files: list[Path]) -> Iterator[SourceLine]:
    for line, path in enumerate(files, start=1):
        if path.stat().st_size > MAX_ROW_BYTES:
            yield SourceLine(line, Refusal("malformed", f"the file is longer than {MAX_ROW_BYTES} bytes"))
            continue
        try:
            yield SourceLine(line, {"text": decode_text(path.read_bytes())})
        except TextRefused as error:
            yield SourceLine(line, Refusal("text-profile", str(error)))


def _json_lines(path: Path) -> Iterator[SourceLine]:
    with path.open("rb") as file:
        line = 0
        while raw := file.readline(MAX_ROW_BYTES + 1):
            line += 1
            too_long = len(raw) > MAX_ROW_BYTES
            while too_long and not raw.endswith(b"\n") and (raw := file.readline(1 << 20)):
                pass
            if too_long:
                yield SourceLine(line, Refusal("malformed", f"the line is longer than {MAX_ROW_BYTES} bytes"))
            elif raw.strip():
                yield SourceLine(line, read_row(raw.removeprefix(b"\xef\xbb\xbf") if line == 1 else raw))
