"""Looking for pieces of texts in bytes: each window of 12 bytes, plain, in wider letters, and written otherwise."""

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

WINDOW = 12
#: Long enough to hold a window of 12 bytes whichever way three bytes became four letters.
_BASE64 = 4 * WINDOW // 3 - 4
_CHUNK = 1 << 22


class Windows:
    """The windows of some texts. ``public``: bytes that everybody has; what is in them as well proves nothing."""

    def __init__(self, texts: Iterable[bytes], public: bytes = b"") -> None:
        known = {public[n : n + WINDOW] for n in range(len(public) - WINDOW + 1)}
        plain = {text[n : n + WINDOW] for text in texts for n in range(len(text) - WINDOW + 1)}
        self.left_out = len(plain & known)
        self.plain = plain - known
        self.hex = {window.hex().encode() for window in self.plain}
        self.base64 = {piece for window in self.plain for piece in _in_base64(window)}
        self.wide = {window.decode("latin-1").encode("utf-16-le") for window in self.plain}
        self.escaped = {
            written[:WINDOW] for window in self.plain
            if (written := json.dumps(window.decode("latin-1"))[1:-1].encode()) != window
        }  # fmt: skip
        sets = [(self.plain, WINDOW), (self.hex, 2 * WINDOW), (self.base64, _BASE64), (self.wide, 2 * WINDOW)]
        sets.append((self.escaped, WINDOW))
        self._tables = [(wanted, size, _table(wanted)) for wanted, size in sets if wanted]

    def found_in(self, data: bytes) -> int:
        """How many places of ``data`` hold a window, in any of the ways."""
        return sum(_count(data, *one) for one in self._tables)

    def found_below(self, *folders: Path) -> dict[str, int]:
        """By file below some folders, how many places hold a window; files that hold none are left out."""
        found = {}
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and (count := self.found_in(path.read_bytes())):
                    found[str(path.relative_to(folder))] = count
        return found


def _table(wanted: set[bytes]) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Whether some piece begins with these three bytes."""
    table = np.zeros(1 << 24, dtype=np.bool_)
    table[[int.from_bytes(piece[:3], "little") for piece in wanted]] = True
    return table


def _count(data: bytes, wanted: set[bytes], size: int, table: "np.ndarray[Any, np.dtype[np.bool_]]") -> int:
    """Chunk by chunk; what is in the table is looked at whole."""
    found = 0
    for start in range(0, len(data), _CHUNK):
        part = np.frombuffer(data[start : start + _CHUNK + 2], dtype=np.uint8).astype(np.uint32)
        if len(part) > 2:
            places = np.flatnonzero(table[part[:-2] | part[1:-1] << 8 | part[2:] << 16])
            found += sum(data[start + n : start + n + size] in wanted for n in places.tolist())
    return found


def _in_base64(window: bytes) -> list[bytes]:
    """Letters that stand in every base64 that holds the window, for each of the three ways in which it can begin."""
    found = []
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + window + b"\0\0")
        found.append(whole[4:][:_BASE64] if before else whole[:_BASE64])
    return found
