"""Bringing one log here: what to ask, and what to make of the answers. A generator yields requests, gets answers.

Usually the peer's log goes on where ours ends. When its leaves do not fit, we ask how its log looked when it was as
long as ours. Its proof tells a lie (the proof does not hold, or the old roots are equal and the leaves still do not
fit) from a fork (the proof holds and the old roots differ): then the log's node signed two histories, and the other
one is fetched from the first leaf in which they differ, beside ours.
"""

from collections.abc import Generator
from dataclasses import dataclass, field

from compute_mesh.ledger import messages as m
from compute_mesh.ledger.replica import Replica
from compute_mesh.transport.failures import Malformed
from substrate.record.errors import BadInclusion
from substrate.record.merkle import verify_consistency
from substrate.store.branches import Branch

Fetch = Generator[m.Message, m.Message, None]


@dataclass
class Found:
    """What came in. ``forks`` are logs that their nodes continued in two ways; ``ahead``: our own log, elsewhere."""

    documents: int = 0
    leaves: int = 0
    forks: set[str] = field(default_factory=set)
    ahead: bool = False
    skipped: int = 0


def fetch(replica: Replica, tip: m.Tip, found: Found) -> Fetch:
    """Bring the log that ends in ``tip`` here, batch by batch; each is verified and stored before the next.

    Raises:
        RecordError, Malformed: an answer breaks a rule: the peer that gave it is to be named.
    """
    here = replica.branches(tip.origin)
    trusting = len(here) < 2 and not any(branch.own or branch.size >= tip.size for branch in here)
    base: Branch | None = here[0] if here else None
    position = base.size if base is not None else 0
    if not trusting:
        base, position = yield from _shared(replica, tip, here, found)
    while position < tip.size:
        answer = yield m.Get(tip, position)
        if isinstance(answer, m.Absent):
            return
        if not isinstance(answer, m.Batch):
            raise Malformed("another answer than the leaves that were asked for")
        try:
            base, new = replica.take(tip, base, position, answer)
        except BadInclusion:
            if not trusting or base is None:
                raise
            trusting = False
            base, position = yield from _shared(replica, tip, replica.branches(tip.origin), found)
            continue
        found.documents += new
        found.leaves += max(0, base.size - position)
        if base.size <= position:
            return  # Another session brings the same log; the next one goes on where both ended.
        position = base.size


def _shared(
    replica: Replica, tip: m.Tip, here: list[Branch], found: Found
) -> Generator[m.Message, m.Message, tuple[Branch, int]]:
    """The branch here that shares most leaves with the peer's log, and how many."""
    roots: dict[int, bytes] = {}

    def same(branch: Branch, size: int) -> Generator[m.Message, m.Message, bool]:
        if size and size not in roots:
            roots[size] = yield from _root_then(replica, tip, size)
        return not size or roots[size] == replica.ledger.root(branch.log, size)

    best, most = here[0], -1
    for branch in here:
        low, high = 0, min(branch.size, tip.size)
        if (yield from same(branch, high)):
            low = high
        while high - low > 1:
            middle = (low + high) // 2
            if (yield from same(branch, middle)):
                low = middle
            else:
                high = middle
        if low > most or (low == most and low == branch.size):
            best, most = branch, low
    if most < min(best.size, tip.size):
        found.forks.add(tip.origin)
    if any(branch.own for branch in here):
        found.ahead = True
    return best, most


def _root_then(replica: Replica, tip: m.Tip, size: int) -> Generator[m.Message, m.Message, bytes]:
    answer = yield m.Prove(tip, size)
    if not isinstance(answer, m.Proof):
        raise Malformed("no proof of how a log grew, although its head was told of")
    replica.check_head(tip, tip.size, answer.root, answer.signature)
    verify_consistency(size, tip.size, answer.old_root, answer.root, list(answer.proof))
    return answer.old_root


def fetch_bodies(replica: Replica, found: Found) -> Fetch:
    """Ask for the public documents that are missing here, until the peer has no more of them."""
    tried: set[bytes] = set()
    while asked := [digest for digest in replica.wanted() if digest not in tried]:
        answer = yield m.Want(tuple(asked))
        if not isinstance(answer, m.Bodies):
            raise Malformed("another answer than the documents that were asked for")
        came = replica.take_bodies(asked, answer)
        found.documents += came
        if not came:
            tried |= set(asked)
