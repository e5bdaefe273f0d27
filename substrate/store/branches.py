"""Logs of other nodes as this home holds them: every branch that their keys signed, none lost.

A node that signs two histories of one log forks it. What was seen first stays in the row of the log; another
history gets a row of its own, named ``<log>~<16 hexadecimal digits>`` after the first leaf in which it differs. So
both are kept, both can be handed on, and no order of arrival decides. This home's own row grows by this home's
writing alone: a longer history of it that comes from elsewhere (the home was put back from an old copy, or two
processes have one key) is such a branch too.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from substrate.record.checkpoint import Head
from substrate.record.documents import Document
from substrate.record.errors import MalformedDocument
from substrate.record.merkle import Frontier, leaf_hash, peaks_of, root_at
from substrate.store.appending import keep_documents, leaf_data

_MARK: Final = "~"
_LEAF: Final = "INSERT INTO leaves (log, idx, class, digest) VALUES (?, ?, ?, ?)"
_NODE: Final = "INSERT INTO nodes (log, level, idx, hash) VALUES (?, ?, ?, ?)"

Leaf = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class Branch:
    """One history of one log. ``log`` is its row, ``origin`` the log's id, ``peaks`` the right edge of its tree."""

    log: int
    origin: str
    main: bool
    own: bool
    size: int
    peaks: bytes

    @property
    def frontier(self) -> Frontier:
        """The tree's right edge, to append to."""
        return Frontier(self.size, [self.peaks[i : i + 32] for i in range(0, len(self.peaks), 32)])

    @property
    def root(self) -> bytes:
        """The root over all its leaves."""
        return self.frontier.root()

    @property
    def head(self) -> Head:
        """Origin, size and root."""
        return Head(self.origin, self.size, self.root)


def origin_of(name: str) -> str:
    """The id of the log of which a stored row is a branch."""
    return name.partition(_MARK)[0]


def check_name(name: str) -> str:
    """The id of the log that a stored or exported row is of.

    Raises:
        MalformedDocument: the mark of a branch in another form than it has.
    """
    origin, mark, tag = name.partition(_MARK)
    if mark and not (len(tag) == 16 and set(tag) <= set("0123456789abcdef")):
        raise MalformedDocument("not the name of a branch: <log>~<16 hexadecimal digits>")
    return origin


def branches(connection: sqlite3.Connection, origin: str | None = None) -> list[Branch]:
    """All branches here (of one log), those of a log by row."""
    query, values = "SELECT log, origin, own, size, peaks FROM logs", tuple[str, ...]()
    if origin is not None:
        query += " WHERE origin = ? OR (origin > ? AND origin < ?)"
        values = (origin, origin + _MARK, origin + _MARK + "g")
    rows = connection.execute(query + " ORDER BY origin", values)
    return [
        Branch(log, origin_of(name), _MARK not in name, own == 1, size, peaks) for log, name, own, size, peaks in rows
    ]


def tips(connection: sqlite3.Connection, node: Callable[[int], Callable[[int, int], bytes]]) -> list[Branch]:
    """The branches that no other one extends, sorted; two tips of one log are a fork. ``node`` reads a row's tree."""
    by_log: dict[str, list[Branch]] = {}
    for branch in branches(connection):
        if branch.size:
            by_log.setdefault(branch.origin, []).append(branch)
    found = [branch for group in by_log.values() for branch in _ends(group, node)]
    return sorted(found, key=lambda branch: (branch.origin, branch.size, branch.root))


def _ends(group: list[Branch], node: Callable[[int], Callable[[int, int], bytes]]) -> list[Branch]:
    if len(group) == 1:
        return group

    def extended(branch: Branch) -> bool:
        return any(
            root_at(branch.size, node(other.log)) == branch.root
            and (other.size > branch.size or (other.size == branch.size and other.log < branch.log))
            for other in group
            if other.log != branch.log and other.size >= branch.size
        )

    return [branch for branch in group if not extended(branch)]


def state_digest(heads: Iterable[Head]) -> bytes:
    """SHA-256 over the sorted heads: equal where two homes hold the same logs."""
    lines = sorted(f"{head.origin}\n{head.size}\n{head.root.hex()}\n" for head in heads)
    return hashlib.sha256("".join(lines).encode("ascii")).digest()


def open_log(connection: sqlite3.Connection, origin: str) -> Branch:
    """An empty row for a log that nobody has told of before."""
    cursor = connection.execute("INSERT INTO logs (origin, own, size, peaks) VALUES (?, 0, 0, x'')", (origin,))
    return Branch(int(cursor.lastrowid or 0), origin, True, False, 0, b"")


def open_branch(
    connection: sqlite3.Connection, base: Branch, common: int, first: Leaf, node: Callable[[int, int], bytes]
) -> Branch:  # fmt: skip
    """A row for another history that shares the first ``common`` leaves of ``base`` and goes on with ``first``.

    ``node`` reads the tree of ``base``. The same branch is found again, not made twice.
    """
    tag = hashlib.sha256(common.to_bytes(8, "big") + leaf_data(*first)).hexdigest()[:16]
    name = f"{base.origin}{_MARK}{tag}"
    row = connection.execute("SELECT log, size, peaks FROM logs WHERE origin = ?", (name,)).fetchone()
    if row is not None:
        return Branch(row[0], base.origin, False, False, row[1], row[2])
    peaks = b"".join(node(level, index) for level, index in peaks_of(common))
    cursor = connection.execute(
        "INSERT INTO logs (origin, own, size, peaks) VALUES (?, 0, ?, ?)", (name, common, peaks)
    )
    log = int(cursor.lastrowid or 0)
    connection.execute(
        "INSERT INTO leaves (log, idx, class, digest) SELECT ?, idx, class, digest FROM leaves"
        " WHERE log = ? AND idx < ?",
        (log, base.log, common),
    )
    connection.execute(
        "INSERT INTO nodes (log, level, idx, hash) SELECT ?, level, idx, hash FROM nodes"
        " WHERE log = ? AND ((idx + 1) << level) <= ?",
        (log, base.log, common),
    )
    return Branch(log, base.origin, False, False, common, peaks)


def extend(
    connection: sqlite3.Connection, branch: Branch, leaves: Sequence[Leaf], documents: Iterable[Document] = ()
) -> Branch:  # fmt: skip
    """Append verified leaves to a branch and keep the bodies; public leaves without a body become `wanted`."""
    keep_documents(connection, documents)
    frontier, nodes = branch.frontier, list[tuple[int, int, int, bytes]]()
    for private, digest in leaves:
        done = frontier.append(leaf_hash(leaf_data(private, digest)))
        nodes += [(branch.log, level, index, value) for level, index, value in done if level]
    rows = [(branch.log, branch.size + n, int(private), digest) for n, (private, digest) in enumerate(leaves)]
    connection.executemany(_LEAF, rows)
    connection.executemany(_NODE, nodes)
    connection.executemany(
        "INSERT OR IGNORE INTO wanted (digest) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM documents WHERE digest = ?)",
        [(digest, digest) for private, digest in leaves if not private],
    )
    peaks = b"".join(frontier.peaks)
    connection.execute("UPDATE logs SET size = ?, peaks = ? WHERE log = ?", (frontier.size, peaks, branch.log))
    return replace(branch, size=frontier.size, peaks=peaks)


def keep_head(connection: sqlite3.Connection, log: int, head: Head, checkpoint: str) -> None:
    """Store a signed head of a branch; twice changes nothing."""
    connection.execute(
        "INSERT OR IGNORE INTO heads (log, size, root, checkpoint) VALUES (?, ?, ?, ?)",
        (log, head.size, head.root, checkpoint),
    )


def wanted(connection: sqlite3.Connection, limit: int = -1) -> list[str]:
    """Digests of public documents that a log names and whose bodies are not here: the cut is incomplete."""
    rows = connection.execute("SELECT digest FROM wanted ORDER BY digest LIMIT ?", (limit,))
    return [str(digest) for (digest,) in rows]


def forked_logs(heads: Iterable[Branch]) -> list[str]:
    """The logs that have more than one tip."""
    seen: dict[str, int] = {}
    for branch in heads:
        seen[branch.origin] = seen.get(branch.origin, 0) + 1
    return sorted(origin for origin, number in seen.items() if number > 1)
