"""``.jsonl``: one JSON object a line."""

from collections.abc import Iterator
from pathlib import Path

from consent.encodings import not_utf8
from consent.rows import MAX_ROW_BYTES, Refusal, read_row
from consent.sources.settling import settle
from consent.sources.source import SourceLine


def json_lines(path: Path) -> Iterator[SourceLine]:
    """One row per line that is not blank. A line longer than `MAX_ROW_BYTES` is skipped without being held."""
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
                yield _read(line, raw.removeprefix(b"\xef\xbb\xbf") if line == 1 else raw)


def _read(line: int, raw: bytes) -> SourceLine:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return SourceLine(line, Refusal("malformed", f"the line is {not_utf8(raw, error.start)}"))
    row = read_row(raw)
    return SourceLine(line, row if isinstance(row, Refusal) else settle(row), len(raw))
