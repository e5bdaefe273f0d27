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

    def __init__(self, home: Path, name: str = NAME) -> None:
        """``home`` is the folder of the home; another ``name`` is a copy that somebody kept."""
        self.path = home / name

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
            Tampered: a line is damaged.
        """
        return set(self.entries())

    def entries(self) -> dict[str, list[str]]:
        """Contribution -> its rows, in the order of erasing.

        Raises:
            Tampered: a line is damaged. (A last line without its end is a write that was cut off: it counts
            for nothing, since nothing was destroyed before it was whole.)
        """
        if not self.path.exists():
            return {}
        *whole, _cut_off = self.path.read_bytes().split(b"\n")
        try:
            found = [json.loads(line) for line in whole if line]
            return {str(entry["contribution"]): [str(row) for row in entry["rows"]] for entry in found}
        except (ValueError, KeyError, TypeError):
            raise Tampered(f"{NAME} is damaged: take it from a backup of this home") from None
