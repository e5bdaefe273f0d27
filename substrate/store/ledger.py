"""The ledger of one home: documents, the home's own log, and the logs it has heard of.

Every write is one transaction: documents, leaves, tree nodes and a newly signed head appear together.
"""

import sqlite3
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

from substrate.record.checkpoint import Head
from substrate.record.cut import Cut, make_cut
from substrate.record.documents import Document, trusted_document
from substrate.record.keys import Signer
from substrate.record.merkle import Frontier, inclusion_proof, leaf_hash, root_at
from substrate.store.appending import PRIVATE, Writer, leaf_data, save_head
from substrate.store.branches import Branch, branches
from substrate.store.database import Database
from substrate.store.errors import Busy, NotFound, Tampered


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where a document stands in a log, and the path that proves it under a signed head."""

    index: int
    size: int
    path: list[bytes]
    checkpoint: str


class Ledger:
    """Reads and writes the documents and logs in a `Database`."""

    def __init__(self, database: Database, node: Signer | None, origin: str) -> None:
        """``origin`` is this home's own log; without ``node`` nothing can be written."""
        self.database = database
        self.node = node
        self.origin = origin
        self._checked: dict[Cut, Callable[[str], bool]] = {}
        self._sized: tuple[Cut, dict[int, int]] | None = None

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One acknowledged write: everything inside is durable together, or not there at all."""
        if self.node is None:
            raise NotFound("this home has no node key, so it cannot write its log")
        with self.database.transaction() as connection:
            log, size, peaks = self._own_log(connection)
            writer = Writer(connection, log, Frontier(size, [peaks[i : i + 32] for i in range(0, len(peaks), 32)]))
            yield writer
            if writer.appended:
                writer.flush()
                save_head(connection, log, writer.frontier, self.origin, self.node)

    @contextmanager
    def begin(self, node: Signer, origin: str) -> Iterator[Writer]:
        """Close this home's own log and write the first documents of a new one, under another node key, in one step.

        Raises:
            Busy: another process did so first.
        """
        with self.database.transaction() as connection:
            self._own_log(connection)
            connection.execute("UPDATE logs SET own = 0 WHERE own = 1")
            log, size, _ = Ledger(self.database, node, origin)._own_log(connection)
            writer = Writer(connection, log, Frontier(size, []))
            yield writer
            writer.flush()
            save_head(connection, log, writer.frontier, origin, node)

    def documents(self, *, kinds: Iterable[str] = (), subject: str | None = None) -> Iterator[Document]:
        """Public documents, of some kinds or about one contribution, sorted by digest."""
        where, values = [], []
        if kinds := list(kinds):
            where.append(f"kind IN ({','.join('?' * len(kinds))})")
            values += kinds
        if subject is not None:
            where.append("subject = ?")
            values.append(subject)
        query = "SELECT body, digest, signer FROM documents"
        query += f" WHERE {' AND '.join(where)}" if where else ""
        for body, digest, signer in self.database.connection.execute(query + " ORDER BY digest", values):
            yield self._parse(body, digest, signer)

    def by_subject(self, cut: Cut | None = None) -> Iterator[tuple[str, list[Document]]]:
        """(contribution, its public documents) in a fixed order; with ``cut``, only what that cut holds."""
        inside = self._inside(cut) if cut is not None else (lambda _: True)
        rows = self.database.connection.execute(
            "SELECT subject, body, digest, signer FROM documents WHERE subject != '' ORDER BY subject, digest"
        )
        for subject, group in groupby(rows, key=lambda row: str(row[0])):
            found = [self._parse(body, digest, who) for _, body, digest, who in group if inside(digest)]
            if found:
                yield subject, found

    def document(self, digest: str) -> Document:
        """One public document.

        Raises:
            NotFound: it is not here.
        """
        row = self.database.connection.execute(
            "SELECT body, digest, signer FROM documents WHERE digest = ?", (digest,)
        ).fetchone()
        if row is None:
            raise NotFound(f"document {digest[:16]}… is not in this home")
        return self._parse(*row)

    def contributions(self, prefix: str) -> list[str]:
        """Contributions whose id begins so (with or without ``urn:uuid:``)."""
        full = prefix if prefix.startswith("urn:uuid:") else f"urn:uuid:{prefix}"
        rows = self.database.connection.execute(
            "SELECT DISTINCT subject FROM documents WHERE subject >= ? AND subject < ? ORDER BY subject LIMIT 20",
            (full, full + "\x7f"),
        )
        return [str(subject) for (subject,) in rows]

    def by_withdrawal_key(self, did: str) -> list[str]:
        """Contributions whose fact names this withdrawal key."""
        rows = self.database.connection.execute(
            "SELECT DISTINCT subject FROM documents WHERE code = ? AND code != '' ORDER BY subject", (did,)
        )
        return [str(subject) for (subject,) in rows]

    def given_as(self, standing: str) -> list[str]:
        """Contributions of which a fact states this standing, by id. Reads no body but looks into each."""
        stated = f'"standing":"{standing}"'.encode(
            "ascii"
        )  # As canonical JSON has it: in a string it would be escaped.
        rows = self.database.connection.execute(
            "SELECT DISTINCT subject FROM documents WHERE kind = 'ConsentFact' AND instr(body, ?) > 0 ORDER BY subject",
            (stated,),
        )
        return [str(subject) for (subject,) in rows]

    def high_water(self) -> int:
        """How many documents have arrived so far: a local mark, to ask later what came since."""
        (mark,) = self.database.connection.execute("SELECT coalesce(max(seq), 0) FROM documents").fetchone()
        return int(mark)

    def touched_since(self, mark: int) -> set[str]:
        """Contributions about which a document arrived after `high_water` was ``mark``."""
        rows = self.database.connection.execute(
            "SELECT DISTINCT subject FROM documents WHERE seq > ? AND subject != ''", (mark,)
        )
        return {str(subject) for (subject,) in rows}

    def with_times(self) -> set[str]:
        """Contributions on which time decides: some document about them states an end or a hold."""
        rows = self.database.connection.execute(
            "SELECT DISTINCT subject FROM documents WHERE timed = 1 AND subject != ''"
        )
        return {str(subject) for (subject,) in rows}

    def cut(self) -> Cut:
        """The heads of all logs, computed from what is stored."""
        return make_cut(branch.head for branch in branches(self.database.connection))

    def root(self, log: int, size: int) -> bytes:
        """The root of the first ``size`` leaves of a log."""
        return root_at(size, self.node_reader(log))

    def leaves(self, log: int, start: int, stop: int) -> list[tuple[bool, str]]:
        """Leaves ``start`` to ``stop`` of a row, as far as they are here: (private, digest)."""
        rows = self.database.connection.execute(
            "SELECT class, digest FROM leaves WHERE log = ? AND idx >= ? AND idx < ? ORDER BY idx", (log, start, stop)
        )
        return [(kind == PRIVATE, str(digest)) for kind, digest in rows]

    def checkpoint(self) -> str:
        """The newest signed head of this home's own log, as a C2SP checkpoint.

        Raises:
            NotFound: nothing has been logged yet.
        """
        row = self.database.connection.execute(
            "SELECT checkpoint FROM heads JOIN logs USING (log) WHERE own = 1 ORDER BY heads.size DESC LIMIT 1"
        ).fetchone()
        if row is None:
            raise NotFound("this log is empty")
        return str(row[0])

    def inclusion(self, digest: str, nodes: Container[str] = ()) -> Inclusion:
        """Proof that a log of this home's node, or of one of ``nodes``, holds a document, under its newest head.

        The own log first; then those that the node wrote before this home was restored or its key rotated.

        Raises:
            NotFound: no such log holds it.
        """
        ours = self.origin.partition("/")[0]
        with self.database.snapshot() as connection:
            rows = connection.execute(
                "SELECT log, idx, size, origin, own FROM leaves JOIN logs USING (log) WHERE digest = ?"
                " ORDER BY own DESC, log",
                (digest,),
            ).fetchall()
            writers = ((row, row[3].partition("/")[0]) for row in rows)
            row = next((row for row, node in writers if row[4] == 1 or node == ours or node in nodes), None)
            if row is None:
                raise NotFound(f"document {digest[:16]}… is not in this home's log")
            log, index, size = row[:3]
            path = inclusion_proof(index, size, self.node_reader(log))
            return Inclusion(index, size, path, self._checkpoint_of(log, size))

    def _checkpoint_of(self, log: int, size: int) -> str:
        """The signed head over all stored leaves of a log."""
        row = self.database.connection.execute(
            "SELECT checkpoint FROM heads WHERE log = ? AND size = ? AND root = ?", (log, size, self.root(log, size))
        ).fetchone()
        if row is None:
            raise Tampered(f"log {log}: its newest leaves are under no signed head")
        return str(row[0])

    def node_reader(self, log: int) -> Callable[[int, int], bytes]:
        """Reads complete tree nodes of a log."""

        def read(level: int, index: int) -> bytes:
            connection = self.database.connection
            if level == 0:
                row = connection.execute(
                    "SELECT class, digest FROM leaves WHERE log = ? AND idx = ?", (log, index)
                ).fetchone()
                if row is not None:
                    return leaf_hash(leaf_data(row[0] == PRIVATE, row[1]))
            else:
                row = connection.execute(
                    "SELECT hash FROM nodes WHERE log = ? AND level = ? AND idx = ?", (log, level, index)
                ).fetchone()
                if row is not None:
                    return bytes(row[0])
            raise Tampered(f"log {log}: tree node {level}/{index} is missing")

        return read

    def holds(self, digest: str, cut: Cut) -> bool:
        """Whether a cut holds a document."""
        return self._inside(cut)(digest)

    def inside(self, digest: str, cut: Cut) -> bool:
        """Whether a cut that a document states holds another one; a cut of another tree holds nothing."""
        if cut not in self._checked:
            fitting = self.fitting(cut)
            if fitting != cut:
                return self._inside(fitting)(digest)
            self._checked[cut] = self._inside(cut)
        return self._checked[cut](digest)

    def fitting(self, cut: Cut) -> Cut:
        """The heads of a stated cut whose leaves are all here, and are those."""
        return tuple(head for head in cut if self._fits(head))

    def _fits(self, head: Head) -> bool:
        return self._branch_of(head) is not None  # Or not all of it is here yet.

    def _branch_of(self, head: Head) -> int | None:
        """The row of the branch that begins with the tree of ``head``."""
        held = [branch for branch in branches(self.database.connection, head.origin) if branch.size >= head.size]
        return next((branch.log for branch in held if self.root(branch.log, head.size) == head.root), None)

    def _inside(self, cut: Cut) -> Callable[[str], bool]:
        connection, sizes = self.database.connection, self._sizes(cut)
        query = "SELECT log, idx FROM leaves WHERE digest = ?"

        def inside(digest: str) -> bool:
            return any(idx < sizes.get(log, 0) for log, idx in connection.execute(query, (digest,)))

        return inside

    def _sizes(self, cut: Cut) -> dict[int, int]:
        """How much of each row a cut holds. A head whose tree is not here is read as the log's first branch."""
        if self._sized is None or self._sized[0] != cut:
            here = dict[str, list[Branch]]()
            for branch in branches(self.database.connection):
                here.setdefault(branch.origin, []).append(branch)
            sizes = dict[int, int]()
            for head in cut:
                held = here.get(head.origin, [])
                row = self._branch_of(head) if len(held) > 1 else None
                if held:
                    sizes[row or held[0].log] = head.size
            self._sized = (cut, sizes)
        return self._sized[1]

    def _own_log(self, connection: sqlite3.Connection) -> tuple[int, int, bytes]:
        row = connection.execute("SELECT log, size, peaks, own FROM logs WHERE origin = ?", (self.origin,)).fetchone()
        if row is not None and row[3] == 0:
            raise Busy("another process gave this home a new node key meanwhile: run the command again")
        if row is None:
            cursor = connection.execute(
                "INSERT INTO logs (origin, own, size, peaks) VALUES (?, 1, 0, x'')", (self.origin,)
            )
            return int(cursor.lastrowid or 0), 0, b""
        return int(row[0]), int(row[1]), bytes(row[2])

    def _parse(self, body: bytes, digest: str, signer: str) -> Document:
        if not isinstance(body, bytes):
            raise Tampered(f"document {digest[:16]}… is not stored as it was written")
        return trusted_document(body, digest, signer)
