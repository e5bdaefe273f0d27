"""What a node can say of itself now: read from the home, blocking."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from compute_mesh.node.admitting import state_of
from compute_mesh.node.context import Context
from compute_mesh.peers.announcement import is_live
from compute_mesh.peers.book import PeerBook
from substrate.record.canonical import JsonObject, canonical_bytes
from substrate.record.cut import Cut, cut_entries
from substrate.store.branches import forked_logs, tips, wanted
from substrate.store.home import Home


@dataclass(frozen=True, slots=True)
class LedgerStatus:
    """``cut`` is the hash of the cut: equal where two nodes hold the same logs. ``bytes`` is what blobs take."""

    cut: str
    documents: int
    logs: int
    forks: tuple[str, ...]
    missing: int
    blobs: int
    bytes: int
    state: str


@dataclass(frozen=True, slots=True)
class PeerLine:
    """One peer, for people and programs. ``state``: admitted, pending, removed or blocked."""

    node: str
    state: str
    last_seen: str
    rtt_ms: float | None
    address: str
    lies: tuple[str, ...]
    resources: JsonObject | None
    live: bool


def cut_name(cut: Cut) -> str:
    """SHA-256 of the canonical bytes of a cut."""
    return hashlib.sha256(canonical_bytes(list(cut_entries(cut)))).hexdigest()


def ledger_status(home: Home, node: str) -> LedgerStatus:
    """Read the ledger's state."""
    connection = home.database.connection
    (documents,) = connection.execute("SELECT count(*) FROM documents").fetchone()
    (logs,) = connection.execute("SELECT count(*) FROM logs WHERE size > 0").fetchone()
    names = list(home.blobs.names())
    large = [home.pieced.stat(root).size for root in home.pieced.roots()]
    sizes = sum(home.blobs.path(name).stat().st_size for name in names) + sum(large)
    forks = tuple(forked_logs(tips(connection, home.ledger.node_reader)))
    return LedgerStatus(
        cut_name(home.ledger.cut()), int(documents), int(logs), forks, len(wanted(connection)), len(names) + len(large),
        sizes,
        state_of(home, node),
    )  # fmt: skip


def peer_lines(home: Home, book: PeerBook, now: str) -> list[PeerLine]:
    """Every peer that is known, by its node key."""
    found = []
    for node, known in sorted(book.known.items()):
        one = known.announcement
        found.append(
            PeerLine(
                node, "blocked" if node in book.blocked else state_of(home, node), known.last_seen, known.rtt_ms,
                one.address.to_text(), tuple(known.lies), one.resources, is_live(one, now),
            )
        )  # fmt: skip
    return found


def problems(context: Context, ledger: LedgerStatus | None) -> list[str]:
    """What is wrong now, a sentence each."""
    return [*context.tally.problems.values(), *(_of_ledger(ledger) if ledger is not None else ())]


def _of_ledger(ledger: LedgerStatus) -> Iterable[str]:
    if ledger.missing:
        yield (
            f"the cut is incomplete: {ledger.missing} public documents stand in a log and no peer has given them so "
            "far. One of them may be a withdrawal."
        )
    for origin in ledger.forks:
        yield (
            f"log …{origin[-16:]} of …{origin.partition('/')[0][-8:]} is forked: its node signed two histories. Both "
            "are kept; the stewards decide about the node."
        )
    if ledger.state == "pending":
        yield "the charter does not admit this node yet: what it states counts here only, until the stewards admit it"
    if ledger.state == "removed":
        yield "the charter has removed this node: what it stated before still counts, what it states now does not"
