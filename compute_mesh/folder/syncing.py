"""A home and a folder bring each other what they lack. No peer is named: anybody may have written there."""

from dataclasses import replace

from compute_mesh.folder.layout import Folder, Piece
from compute_mesh.ledger import messages as m
from compute_mesh.ledger.replica import Replica
from compute_mesh.ledger.session import Outcome
from compute_mesh.node.bench import replica_of
from compute_mesh.transport.failures import Malformed
from substrate.record.authority import is_authorised
from substrate.record.canonical import MAX_DOCUMENT_BYTES
from substrate.record.documents import Document, read_document
from substrate.record.errors import RecordError
from substrate.store.branches import Branch
from substrate.store.files import read_plain
from substrate.store.home import Home

_CHANGES_OF_MIND = ("ConsentWithdrawal", "ConsentNarrowing")


def sync_folder_with(home: Home, folder: Folder) -> Outcome:
    """Take in what a folder holds, then add what it lacks. Files that are damaged or do not fit are skipped.

    Raises:
        UnknownCommons, MalformedDocument: the folder is another commons' or none. NotFound: it is not there.
    """
    folder.begin(home.commons, home.charter)
    replica, outcome = replica_of(home), Outcome()
    for origin in folder.origins():
        for piece in folder.pieces(origin):
            _take(replica, folder, origin, piece, outcome)
    outcome.found.documents += _take_loose(home, folder)
    for tip in replica.state().tips:
        _give(replica, folder, tip, outcome)
    return outcome


def _take(replica: Replica, folder: Folder, origin: str, piece: Piece, outcome: Outcome) -> None:
    here = replica.branches(origin)
    if any(b.size >= piece.stop and replica.ledger.root(b.log, piece.stop)[: m.SHORT_ROOT] == piece.root for b in here):
        return
    try:
        batch = folder.read(piece)
        tip = m.Tip(origin, batch.size, batch.root[: m.SHORT_ROOT])
        if not replica.lacking([tip]) and not here:
            return  # A stranger's log beyond what is kept of strangers.
        base, position = _place(replica, here, batch)
        if position is None:
            outcome.found.skipped += 1
            return
        rest = replace(batch, start=position, leaves=batch.leaves[position - batch.start :])
        branch, new = replica.take(tip, base, position, rest)
    except (Malformed, RecordError):
        outcome.found.skipped += 1
        return
    outcome.bytes_down += piece.path.stat().st_size
    outcome.found.documents += new
    outcome.found.leaves += len(rest.leaves)
    outcome.found.ahead = outcome.found.ahead or any(b.own for b in here)
    if base is not None and branch.log != base.log and position < base.size:
        outcome.found.forks.add(origin)


def _place(replica: Replica, here: list[Branch], batch: m.Batch) -> tuple[Branch | None, int | None]:
    """The branch that a batch goes on from, and where; (None, None) when leaves before it are missing."""
    if not here:
        return None, 0 if batch.start == 0 else None
    digests = [_digest(leaf) for leaf in batch.leaves]
    best: tuple[Branch | None, int | None] = None, None
    for branch in here:
        if branch.size < batch.start:
            continue
        known = replica.ledger.leaves(branch.log, batch.start, batch.start + len(digests))
        pairs = enumerate(zip(known, digests, strict=False))
        shared = next((n for n, (one, other) in pairs if one != other), min(len(known), len(digests)))
        if best[1] is None or batch.start + shared > best[1]:
            best = branch, batch.start + shared
    return best


def _digest(leaf: m.Leaf) -> tuple[bool, str]:
    return (False, read_document(leaf.body).digest) if leaf.body else (leaf.private, leaf.digest.hex())


def _take_loose(home: Home, folder: Folder) -> int:
    """Log changes of mind that somebody left in the folder and whose key is the one that the fact names."""
    taken = 0
    for path in folder.loose():
        try:
            document = read_document(read_plain(path, MAX_DOCUMENT_BYTES))
        except (RecordError, OSError):
            continue
        if document.kind in _CHANGES_OF_MIND and not document.private and _counts(home, document):
            with home.ledger.write() as writer:
                taken += writer.add(document)
    return taken


def _counts(home: Home, document: Document) -> bool:
    if any(d.digest == document.digest for d in home.ledger.documents(subject=document.subject)):
        return False
    roles = home.roles()
    facts = home.ledger.documents(kinds=["ConsentFact"], subject=document.subject)
    return any(is_authorised(fact, roles) and is_authorised(document, roles, fact) for fact in facts)


def _give(replica: Replica, folder: Folder, tip: m.Tip, outcome: Outcome) -> None:
    """Add the batches that are lacking to the chain which leads to ``tip``."""
    branch = next(b for b in replica.branches(tip.origin) if replica.is_on(b, tip))
    place = 0
    for piece in folder.pieces(tip.origin):
        if piece.start <= place < piece.stop <= tip.size:
            fits = replica.ledger.root(branch.log, piece.stop)[: m.SHORT_ROOT] == piece.root
            place = piece.stop if fits else place
    while place < tip.size:
        batch = replica.batch(m.Get(tip, place))
        if batch is None:
            return
        place += len(batch.leaves)
        outcome.bytes_up += folder.write(tip.origin, batch, replica.ledger.root(branch.log, place))
        outcome.sent += sum(bool(leaf.body) for leaf in batch.leaves)
