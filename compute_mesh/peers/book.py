"""The peers that this node knows: the latest announcement of each, what was seen of it, whom the operator blocked.

A union in which the latest wins; losing the file loses nothing but time. Lies are noted for this node alone: a byte
that does not verify says who sent it here, and proves nothing to anybody else.
"""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from compute_mesh.peers.announcement import Announcement, is_live, read_announcement
from substrate.record.errors import RecordError
from substrate.store.files import write_atomic

NAME: Final = "peers.json"
BLOCKED: Final = "blocked.json"
#: Nodes without admission that are remembered; the ones whose announcements are oldest go first.
MOST_STRANGERS: Final = 256
#: Seconds for which a peer that lied is left alone; twice as long each further time.
BAN_SECONDS: Final = 600.0
_MOST_DOUBLINGS: Final = 10


@dataclass
class Known:
    """What is known of one node."""

    announcement: Announcement
    last_seen: str = ""
    rtt_ms: float | None = None
    skew_seconds: float | None = None
    failures: int = 0
    lies: list[str] = field(default_factory=list)
    banned_until: float = 0.0


class PeerBook:
    """The peers of one node."""

    def __init__(self, folder: Path, own: str, commons: str) -> None:
        """``folder`` is HOME/mesh; ``own`` this node's did:key, which is never a peer."""
        self.path, self._blocked_path = folder / NAME, folder / BLOCKED
        self.own, self.commons = own, commons
        self.known: dict[str, Known] = {}
        #: Nodes that the charter admits, as far as it is known here; theirs are the announcements that travel.
        self.admitted: frozenset[str] = frozenset()
        self.blocked: set[str] = set()
        self._load()

    def learn(self, announcements: Iterable[Announcement], now: str) -> int:
        """Merge announcements; how many said something new. Those of another commons or expired ones say nothing."""
        fresh = 0
        for one in announcements:
            if one.audience != self.commons or one.node == self.own or not is_live(one, now):
                continue
            before = self.known.get(one.node)
            if before is None:
                self.known[one.node] = Known(one)
            elif one.rank > before.announcement.rank:
                before.announcement, before.failures = one, 0
            else:
                continue
            fresh += 1
        strangers = sorted(self.known.keys() - self.admitted, key=lambda n: self.known[n].announcement.time)
        for node in strangers[: max(0, len(strangers) - MOST_STRANGERS)]:
            del self.known[node]
        return fresh

    def carried(self, now: str) -> list[Announcement]:
        """Live announcements of admitted nodes: what is told to others, and taken from them."""
        return [one for one in self.live(now) if one.node in self.admitted]

    def live(self, now: str) -> list[Announcement]:
        """Announcements that have not expired, of nodes that are not blocked."""
        found = (known.announcement for node, known in sorted(self.known.items()) if node not in self.blocked)
        return [one for one in found if is_live(one, now)]

    def node_of(self, peer: str) -> str | None:
        """The node whose transport key this is, as far as announcements say."""
        return next((node for node, known in self.known.items() if known.announcement.address.peer == peer), None)

    def block(self, node: str) -> None:
        """Have nothing to do with a node; on disk before this returns."""
        self.blocked.add(node)
        self._write_blocked()

    def unblock(self, node: str) -> None:
        """Talk to it again."""
        self.blocked.discard(node)
        self._write_blocked()

    def lied(self, node: str, rule: str) -> None:
        """Note that bytes of ``node`` broke ``rule``, and leave it alone for a while."""
        known = self.known.get(node)
        if known is not None:
            known.lies = [*known.lies[-9:], rule[:200]]
            wait = BAN_SECONDS * 2 ** min(len(known.lies) - 1, _MOST_DOUBLINGS)
            known.banned_until = time.monotonic() + wait

    def shunned(self, node: str) -> bool:
        """Whether it is blocked, or lied a short while ago."""
        known = self.known.get(node)
        return node in self.blocked or (known is not None and known.banned_until > time.monotonic())

    def save(self) -> None:
        """Write what is known."""
        entries = [
            {"announcement": k.announcement.raw.decode("utf-8"), "lastSeen": k.last_seen, "lies": k.lies}
            for _, k in sorted(self.known.items())
        ]
        write_atomic(self.path, json.dumps(entries, indent=1).encode("utf-8"), mode=0o600, durable=False)

    def _load(self) -> None:
        for entry in _entries(self.path):
            try:
                announcement = read_announcement(entry["announcement"].encode("utf-8"))
            except (RecordError, KeyError, AttributeError, TypeError):
                continue  # Damaged: the peer will say it again.
            if announcement.audience == self.commons:
                lies = [str(rule) for rule in entry.get("lies", [])]
                self.known[announcement.node] = Known(announcement, str(entry.get("lastSeen", "")), lies=lies)
        self.blocked = {str(node) for node in _entries(self._blocked_path)}

    def _write_blocked(self) -> None:
        write_atomic(self._blocked_path, json.dumps(sorted(self.blocked)).encode("ascii"), mode=0o600)


def _entries(path: Path) -> Iterator[Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return
    if isinstance(found, list):
        yield from found
