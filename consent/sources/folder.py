"""A folder of ``.txt`` and ``.md`` files: each file is a text, in the order of the names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from consent.rows import MAX_ROW_BYTES, Refusal
from consent.sources.source import SourceLine
from consent.text import TextRefused, decode_text

TEXT_ENDINGS: Final = (".txt", ".md")


def text_files(folder: Path) -> list[Path]:
    """The texts in it. Links, pipes, sockets and devices are no texts."""
    root = folder.resolve()
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in TEXT_ENDINGS and _is_plain(p, root))


def text_lines(files: list[Path]) -> Iterator[SourceLine]:
    """One row per file."""
    for line, path in enumerate(files, start=1):
        with path.open("rb") as file:
            data = file.read(MAX_ROW_BYTES + 1)
        if len(data) > MAX_ROW_BYTES:
            yield SourceLine(line, Refusal("malformed", f"the file is longer than {MAX_ROW_BYTES} bytes"))
            continue
        try:
            yield SourceLine(line, {"text": decode_text(data)}, len(data))
        except TextRefused as error:
            yield SourceLine(line, Refusal("text-profile", str(error)))


def _is_plain(path: Path, root: Path) -> bool:
    """A real file inside the folder: no link leads out of what was given."""
    return path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(root)
