"""What one home's ledger answers a peer, and how it takes in what a peer answers. Blocking: runs beside the loop."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from compute_mesh.ledger import messages as m
from compute_mesh.transport.failures import Malformed
from substrate.record.checkpoint import Head, checkpoint_text, node_of, read_checkpoint, signature_of
from substrate.record.documents import Document, read_document
from substrate.record.errors import BadInclusion, MalformedDocument
from substrate.record.merkle import Frontier, consistency_proof, leaf_hash, peaks_of, verify_consistency
from substrate.store.appending import keep_documents, leaf_data
from substrate.store.branches import (
    Branch,
    Leaf,
    branches,
    extend,
    forked_logs,
    keep_head,
    open_branch,
    open_log,
    state_digest,
    tips,
    wanted,
)  # fmt: skip
from substrate.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Limits:
    """What one home keeps of logs whose nodes the charter does not admit, and of bodies that peers withhold."""

    strange_logs: int = 256
    strange_leaves: int = 10_000
    missing_bodies: int = 4096


@dataclass(frozen=True, slots=True)
class State:
    """The tips of all logs here under signed heads, their digest, and whether a public body is missing."""

    tips: tuple[m.Tip, ...]
    digest: bytes
    wants: bool


class OverQuota(Exception):
    """A peer brings more than this home takes; nobody lied."""


def commons_tag(commons: str, charter: str) -> bytes:
    """16 bytes that stand for a commons: the hash of its id and of its charter's digest."""
    return hashlib.sha256(f"lecs/ledger/1\n{commons}\n{charter}".encode("ascii")).digest()[:16]


@dataclass
class Replica:
    """A ledger as sync sees it. ``admitted`` tells whether the charter has, or had, a node's key."""

    ledger: Ledger
    tag: bytes
    admitted: Callable[[str], bool]
    limits: Limits = field(default_factory=Limits)

    # What a peer is told.

    def state(self) -> State:
        """Where every log ends here."""
        heads = [self._covered(branch) for branch in tips(self._connection, self.ledger.node_reader)]
        held = sorted({head for head in heads if head.size}, key=lambda h: (h.origin, h.size, h.root))
        told = tuple(m.Tip(head.origin, head.size, head.root[: m.SHORT_ROOT]) for head in held)
        return State(told, state_digest(held), bool(wanted(self._connection, 1)))

    def forks(self) -> list[str]:
        """Logs that their nodes continued in two ways."""
        return forked_logs(tips(self._connection, self.ledger.node_reader))

    def batch(self, get: m.Get) -> m.Batch | None:
        """Leaves from ``get.start`` on; they end at a signed head where one is near, or a proof leads to one."""
        branch = self._find(get.tip)
        if branch is None or get.start >= get.tip.size:
            return None
        leaves = self._leaves(branch.log, get.start, min(get.tip.size, get.start + m.MOST_LEAVES))
        end = self._signed_end(branch.log, get.start, get.start + len(leaves))
        head = self._signed(branch.log, end or get.tip.size)
        if head is None:
            return None
        end = end or get.start + len(leaves)
        reader = self.ledger.node_reader(branch.log)
        proof = consistency_proof(end, head[0].size, reader)
        return m.Batch(
            get.start, tuple(leaves[: end - get.start]), head[0].size, head[0].root, signature_of(head[1]), tuple(proof)
        )

    def proof(self, prove: m.Prove) -> m.Proof | None:
        """How a log looked when it had ``prove.old`` leaves."""
        branch = self._find(prove.tip)
        if branch is None or not 0 < prove.old <= prove.tip.size:
            return None
        head = self._signed(branch.log, prove.tip.size)
        if head is None:
            return None
        path = consistency_proof(prove.old, head[0].size, self.ledger.node_reader(branch.log))
        old_root = self.ledger.root(branch.log, prove.old)
        return m.Proof(old_root, head[0].root, signature_of(head[1]), tuple(path))

    def bodies(self, want: m.Want) -> m.Bodies:
        """Public documents by digest, as many as one message holds."""
        found, size = list[bytes](), 0
        for digest in want.digests:
            row = self._connection.execute("SELECT body FROM documents WHERE digest = ?", (digest.hex(),)).fetchone()
            if row is not None and (not found or size + len(row[0]) <= m.MOST_BATCH):
                found.append(row[0])
                size += len(row[0])
        return m.Bodies(tuple(found))

    # What a peer told.

    def lacking(self, told: Iterable[m.Tip]) -> list[m.Tip]:
        """Those tips that are not here and that this home takes."""
        return [tip for tip in told if self._find(tip) is None and self._takes(tip)]

    def branches(self, origin: str) -> list[Branch]:
        """What is here of one log."""
        return branches(self._connection, origin)

    def is_on(self, branch: Branch, tip: m.Tip) -> bool:
        """Whether a branch begins with the tree that ends in ``tip``."""
        return branch.size >= tip.size and self._root(branch, tip.size)[: m.SHORT_ROOT] == tip.root

    def wanted(self) -> list[bytes]:
        """Digests of public documents that are missing, as many as one message asks for."""
        return [bytes.fromhex(digest) for digest in wanted(self._connection, m.MOST_BODIES)]

    def check_head(self, tip: m.Tip, size: int, root: bytes, signature: bytes) -> str:
        """The checkpoint of a head that a peer gave.

        Raises:
            BadSignature: not signed by the log's node. BadInclusion: it is not the head that was told of.
        """
        if not 0 < size <= tip.size or (size == tip.size and root[: m.SHORT_ROOT] != tip.root):
            raise BadInclusion("another head than the one that was told of")
        text = checkpoint_text(Head(tip.origin, size, root), signature)
        read_checkpoint(text)
        return text

    def take(self, tip: m.Tip, base: Branch | None, position: int, batch: m.Batch) -> tuple[Branch, int]:
        """Verify a batch whose first leaf is number ``position``, then store it in one transaction.

        ``base`` is the branch that shares all leaves before with it. Returns the branch after, and how many of the
        documents were new.

        Raises:
            RecordError, Malformed: what the peer sent breaks a rule; nothing is stored. OverQuota: too much is missing.
        """
        if batch.start != position or not batch.leaves:
            raise Malformed("a batch that does not begin where it was asked for")
        documents, leaves = self._read(batch.leaves)
        frontier = self._frontier(base, position)
        for leaf in leaves:
            for _ in frontier.append(leaf_hash(leaf_data(*leaf))):
                pass
        if frontier.size > batch.size:
            raise Malformed("a batch that goes beyond its head")
        checkpoint = self.check_head(tip, batch.size, batch.root, batch.signature)
        verify_consistency(frontier.size, batch.size, frontier.root(), batch.root, list(batch.proof))
        return self._store(tip, base, position, leaves, documents, Head(tip.origin, batch.size, batch.root), checkpoint)

    def take_bodies(self, asked: Sequence[bytes], bodies: m.Bodies) -> int:
        """Verify and store bodies that were missing; how many.

        Raises:
            RecordError, Malformed: one was not asked for, or does not verify.
        """
        names = {digest.hex() for digest in asked}
        documents = [_public(raw) for raw in bodies.bodies]
        if {document.digest for document in documents} - names:
            raise Malformed("a document that nobody asked for")
        with self.ledger.database.transaction() as connection:
            keep_documents(connection, documents)
        return len(documents)

    def _store(
        self, tip: m.Tip, base: Branch | None, position: int, leaves: list[Leaf], documents: list[Document],
        head: Head, checkpoint: str,
    ) -> tuple[Branch, int]:  # fmt: skip
        missing = sum(not private for private, _ in leaves) - len(documents)
        with self.ledger.database.transaction() as connection:
            if missing and len(wanted(connection)) + missing > self.limits.missing_bodies:
                raise OverQuota("too many bodies are missing")
            here = branches(connection, tip.origin)
            now = next((branch for branch in here if base is not None and branch.log == base.log), None)
            if (base is None and here) or (base is not None and (now is None or now.size < position)):
                return here[0], 0  # Another session was quicker.
            before = self.ledger.high_water()
            branch = open_log(connection, tip.origin) if now is None else now
            if branch.own or branch.size > position:
                branch = open_branch(connection, branch, position, leaves[0], self.ledger.node_reader(branch.log))
                if branch.size != position:
                    return branch, 0
            branch = extend(connection, branch, leaves, documents)
            keep_head(connection, branch.log, head, checkpoint)
            return branch, self.ledger.high_water() - before

    def _read(self, given: Iterable[m.Leaf]) -> tuple[list[Document], list[Leaf]]:
        documents, leaves = list[Document](), list[Leaf]()
        for leaf in given:
            if leaf.body:
                documents.append(_public(leaf.body))
                leaves.append((False, documents[-1].digest))
            else:
                leaves.append((leaf.private, leaf.digest.hex()))
        return documents, leaves

    def _frontier(self, base: Branch | None, position: int) -> Frontier:
        if base is None or base.size == position:
            return base.frontier if base is not None else Frontier()
        node = self.ledger.node_reader(base.log)
        return Frontier(position, [node(level, index) for level, index in peaks_of(position)])

    def _takes(self, tip: m.Tip) -> bool:
        """Logs of nodes that the charter does not know are kept in small number and size."""
        if self.admitted(node_of(tip.origin)):
            return True
        here = branches(self._connection)
        if tip.origin in {branch.origin for branch in here}:
            return max(b.size for b in here if b.origin == tip.origin) < self.limits.strange_leaves
        strange = {branch.origin for branch in here if not self.admitted(node_of(branch.origin))}
        return len(strange) < self.limits.strange_logs

    def _find(self, tip: m.Tip) -> Branch | None:
        for branch in branches(self._connection, tip.origin):
            if self.is_on(branch, tip):
                return branch
        return None

    def _root(self, branch: Branch, size: int) -> bytes:
        return branch.root if size == branch.size else self.ledger.root(branch.log, size)

    def _covered(self, branch: Branch) -> Head:
        """The largest head of a branch that its node signed and whose leaves are all here."""
        rows = self._connection.execute(
            "SELECT size, root FROM heads WHERE log = ? AND size <= ? ORDER BY size DESC", (branch.log, branch.size)
        )
        for size, root in rows:
            if self._root(branch, size) == root:
                return Head(branch.origin, size, root)
        return Head(branch.origin, 0, b"")

    def _signed(self, log: int, size: int) -> tuple[Head, str] | None:
        query = "SELECT checkpoint FROM heads WHERE log = ? AND size = ? AND root = ?"
        row = self._connection.execute(query, (log, size, self.ledger.root(log, size))).fetchone()
        return (read_checkpoint(row[0]), row[0]) if row is not None else None

    def _signed_end(self, log: int, start: int, end: int) -> int | None:
        """The last signed head behind ``start`` and not behind ``end``."""
        rows = self._connection.execute(
            "SELECT size, root FROM heads WHERE log = ? AND size > ? AND size <= ? ORDER BY size DESC",
            (log, start, end),
        )
        return next((int(size) for size, root in rows if self.ledger.root(log, size) == root), None)

    def _leaves(self, log: int, start: int, end: int) -> list[m.Leaf]:
        rows = self._connection.execute(
            "SELECT class, leaves.digest, body FROM leaves LEFT JOIN documents"
            " ON class = 0 AND documents.digest = leaves.digest WHERE log = ? AND idx >= ? AND idx < ? ORDER BY idx",
            (log, start, end),
        )
        found, size = list[m.Leaf](), 0
        for kind, digest, body in rows:
            leaf = m.Leaf(False, body=body) if body is not None else m.Leaf(kind == 1, digest=bytes.fromhex(digest))
            size += len(leaf.body) or 32
            if found and size > m.MOST_BATCH:
                break
            found.append(leaf)
        return found

    @property
    def _connection(self) -> sqlite3.Connection:
        return self.ledger.database.connection


_NOT_PLAIN: Final = "a document in another form than its canonical bytes"


def _public(raw: bytes) -> Document:
    document = read_document(raw)
    if document.raw != raw:
        raise MalformedDocument(_NOT_PLAIN)
    if document.private:
        raise MalformedDocument("a private document, which never travels")
    return document
