"""What stands where in a folder, format ``lecs-folder-1``.

``lecs-folder.json`` names the commons. ``logs/KEY-INCARNATION/START-STOP-ROOT.batch`` holds one batch of ledger sync,
the same bytes as on the wire: leaves START to STOP, with a signed head; ROOT are 16 digits of the root over STOP
leaves. ``loose/DIGEST.json`` are statements that no node has logged yet. Files are added, never changed; who reads
verifies everything, since anybody may have held the stick.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compute_mesh.ledger import messages as m
from compute_mesh.transport.failures import Malformed
from substrate.record.checkpoint import log_origin, node_of
from substrate.record.errors import MalformedDocument, RecordError, UnknownCommons
from substrate.record.keys import did_of, public_of
from substrate.store.errors import NotFound
from substrate.store.files import NotAPlainFile, read_plain, write_atomic

FORMAT: Final = "lecs-folder-1"
NAME: Final = "lecs-folder.json"
_LOG: Final = re.compile(r"([0-9a-f]{64})-([0-9a-f]{16})")
_BATCH: Final = re.compile(r"([0-9]{12})-([0-9]{12})-([0-9a-f]{16})\.batch")
_LOOSE: Final = re.compile(r"[0-9a-f]{64}\.json")
_MOST_HEADER: Final = 4096


@dataclass(frozen=True, slots=True)
class Piece:
    """A batch in a file, by its name: leaves ``start`` to ``stop`` of a log whose root is then ``root`` (8 bytes)."""

    path: Path
    start: int
    stop: int
    root: bytes


class Folder:
    """A folder that is carried between nodes."""

    def __init__(self, path: Path) -> None:
        """``path`` need not be such a folder yet: `begin` makes it one."""
        self.path = path

    @property
    def commons(self) -> tuple[str, str] | None:
        """The commons id and charter digest that it names; None when it is not such a folder.

        Raises:
            MalformedDocument: it names none in the right form.
        """
        try:
            found = json.loads(read_plain(self.path / NAME, _MOST_HEADER))
        except FileNotFoundError:
            return None
        except (ValueError, NotAPlainFile):
            raise MalformedDocument(f"{NAME} in the folder cannot be read") from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise MalformedDocument(f"{NAME} in the folder is not of format {FORMAT}")
        return str(found.get("commons")), str(found.get("charter"))

    def begin(self, commons: str, charter: str) -> None:
        """Make it a folder of this commons, unless it is.

        Raises:
            UnknownCommons: it is another commons' folder. NotFound: there is no such folder.
        """
        if not self.path.is_dir():
            raise NotFound(f"{self.path} is not a folder: is the stick there?")
        there = self.commons
        if there is None:
            body = {"format": FORMAT, "commons": commons, "charter": charter}
            write_atomic(self.path / NAME, json.dumps(body, indent=1).encode("ascii"))
        elif there != (commons, charter):
            raise UnknownCommons("the folder belongs to another commons than this home")

    def origins(self) -> Iterator[str]:
        """The logs in it, sorted; what is not named as a log is left alone."""
        for path in sorted((self.path / "logs").glob("*")):
            match = _LOG.fullmatch(path.name)
            if match and path.is_dir() and not path.is_symlink():
                origin = log_origin(did_of(bytes.fromhex(match[1])), match[2])
                try:
                    node_of(origin)
                except RecordError:
                    continue
                yield origin

    def pieces(self, origin: str) -> list[Piece]:
        """The batches of one log, in the order of their first leaves."""
        found = []
        for path in sorted(self._log(origin).glob("*.batch")):
            match = _BATCH.fullmatch(path.name)
            if match and int(match[1]) < int(match[2]):
                found.append(Piece(path, int(match[1]), int(match[2]), bytes.fromhex(match[3])))
        return found

    def read(self, piece: Piece) -> m.Batch:
        """The batch of a file.

        Raises:
            Malformed: it is not one, or not the one that its name says.
        """
        try:
            batch = m.decode(read_plain(piece.path, m.MOST_MESSAGE))
        except OSError:
            raise Malformed("the file cannot be read") from None
        if not isinstance(batch, m.Batch) or (batch.start, batch.start + len(batch.leaves)) != (
            piece.start,
            piece.stop,
        ):
            raise Malformed("the file holds something else than its name says")
        return batch

    def write(self, origin: str, batch: m.Batch, root: bytes) -> int:
        """Add a batch; how many bytes were written (none when it was there)."""
        stop = batch.start + len(batch.leaves)
        path = self._log(origin) / f"{batch.start:012d}-{stop:012d}-{root[: m.SHORT_ROOT].hex()}.batch"
        if path.exists():
            return 0
        raw = m.encode(batch)
        write_atomic(path, raw)
        return len(raw)

    def loose(self) -> Iterator[Path]:
        """Files of statements that no node has logged yet."""
        yield from (p for p in sorted((self.path / "loose").glob("*.json")) if _LOOSE.fullmatch(p.name))

    def leave(self, digest: str, raw: bytes) -> None:
        """Leave a statement for the next node that comes by."""
        write_atomic(self.path / "loose" / f"{digest}.json", raw)

    def _log(self, origin: str) -> Path:
        node, _, incarnation = origin.partition("/")
        return self.path / "logs" / f"{public_of(node).hex()}-{incarnation}"
