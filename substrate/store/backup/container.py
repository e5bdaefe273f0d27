"""The form of a backup file: two open lines, then libsodium's secretstream (XChaCha20-Poly1305) in even chunks.

The open lines say what the file is and which series it belongs to. They are bound to every chunk, so a change
anywhere, a chunk left out, exchanged or added, and an end cut off are all refused. Memory: one chunk.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import BinaryIO, Final

from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_ABYTES as EXTRA,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_HEADERBYTES as HEADER,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_init_pull as init_pull,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_init_push as init_push,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_pull as pull,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_push as push,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_state as State,  # noqa: N812
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_TAG_FINAL as FINAL,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_TAG_MESSAGE as MESSAGE,
)

from substrate.store.errors import Tampered

MAGIC: Final = b"lecs-backup-1\n"
CHUNK: Final = 256 * 1024
_MAX_LINE: Final = 1024


@dataclass(frozen=True, slots=True)
class Label:
    """What stands open at the beginning of a file."""

    series: str
    check: str
    time: str

    @property
    def raw(self) -> bytes:
        """The two lines."""
        fields = {"series": self.series, "check": self.check, "time": self.time}
        return MAGIC + json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def read_label(file: BinaryIO) -> Label:
    """The open lines of a backup file.

    Raises:
        Tampered: it is not a backup, or its beginning was changed.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise Tampered("not a backup of this program, or its beginning was changed")
    line = file.readline(_MAX_LINE)
    try:
        body = json.loads(line)
        label = Label(str(body["series"]), str(body["check"]), str(body["time"]))
    except (ValueError, KeyError, TypeError):
        label = None
    if label is None or label.raw != MAGIC + line:
        raise Tampered("the beginning of this backup was changed")
    return label


class SealingWriter:
    """Takes bytes of any length, writes whole chunks; `finish` writes the last one and its end mark."""

    def __init__(self, file: BinaryIO, label: Label, key: bytes) -> None:
        """``file`` is open for writing and empty."""
        self._file = file
        self._state = State()
        self._bound = hashlib.sha256(label.raw).digest()
        self._waiting = bytearray()
        file.write(label.raw)
        file.write(init_push(self._state, key))

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        self._waiting += data
        while len(self._waiting) > CHUNK:  # One byte at least stays for the last chunk.
            self._push(bytes(self._waiting[:CHUNK]), MESSAGE)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write what is left, with the end mark."""
        self._push(bytes(self._waiting), FINAL)
        self._waiting.clear()

    def _push(self, chunk: bytes, tag: int) -> None:
        self._file.write(push(self._state, chunk, self._bound, tag))


class OpeningReader:
    """Gives the bytes back; every chunk is checked before any of it is handed out."""

    def __init__(self, file: BinaryIO, label: Label, key: bytes) -> None:
        """``file`` stands behind the label.

        Raises:
            Tampered: the file ends here.
        """
        header = file.read(HEADER)
        if len(header) != HEADER:
            raise Tampered("this backup is cut off")
        self._file = file
        self._state = State()
        self._bound = hashlib.sha256(label.raw).digest()
        self._ready = bytearray()
        self._ended = False
        init_pull(self._state, header, key)

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; none at the end.

        Raises:
            Tampered: the next chunk was changed, exchanged or cut off, or something follows the end.
        """
        while len(self._ready) < size and not self._ended:
            self._pull()
        data = bytes(self._ready[:size])
        del self._ready[:size]
        return data

    def drain(self) -> None:
        """Read to the end, so that the end mark is known to be there."""
        while self.read(CHUNK):
            pass

    def _pull(self) -> None:
        sealed = self._file.read(CHUNK + EXTRA)
        if not sealed:
            raise Tampered("this backup is cut off: its end is missing")
        try:
            plain, tag = pull(self._state, sealed, self._bound)
        except Exception:
            # The binding raises its own RuntimeError for a bad chunk and others for one that is too short.
            raise Tampered("this backup was changed or cut off: a part of it does not verify") from None
        self._ended = tag == FINAL
        if self._ended and self._file.read(1):
            raise Tampered("this backup was changed: something follows its end")
        self._ready += plain
