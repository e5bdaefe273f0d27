"""The erasure journal: ids and rows of what was ever erased, beside the data and never inside it.

A restore or an import reads it, with the tombstones, before any vault entry, and drops what it names.
"""

import json
import os
from pathlib import Path
from typing import Final

from substrate.store.errors import Tampered

NAME: Final = "erasures.jsonl"


class ErasureJournal:
    """An append-only file of one JSON object per line."""

    def __init__(self, home: Path) -> None:
        """``home`` is the folder of the home."""
        self.path = home / NAME

    def add(self, contribution: str, rows: list[str]) -> None:
        """Write one entry to disk before anything is destroyed; an entry that is there is not repeated."""
        if contribution in self.contributions():
            return
        self._drop_cut_off_line()
        line = json.dumps({"contribution": contribution, "rows": rows}, separators=(",", ":")) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _drop_cut_off_line(self) -> None:
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        if not data.endswith(b"\n"):
            os.truncate(self.path, data.rfind(b"\n") + 1)

    def contributions(self) -> set[str]:
        """Every contribution that was ever erased here.

        Raises:
            Tampered: a line is damaged. (A last line without its end is a write that was cut off: it counts
            for nothing, since nothing was destroyed before it was whole.)
        """
        if not self.path.exists():
            return set()
        *whole, _cut_off = self.path.read_bytes().split(b"\n")
        try:
            return {str(json.loads(line)["contribution"]) for line in whole if line}
        except (ValueError, KeyError, TypeError):
            raise Tampered(f"{NAME} is damaged: take it from a backup of this home") from None
