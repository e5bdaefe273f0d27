"""What an export states must fit together: heads over leaves, texts under facts."""

from substrate.record.authority import fold_roles, is_authorised
from substrate.record.charter import Inside
from substrate.record.checkpoint import Head, read_checkpoint
from substrate.record.cut import Cut
from substrate.record.documents import Document
from substrate.record.errors import BadInclusion
from substrate.record.merkle import Frontier, leaf_hash, tree_root
from substrate.store.appending import leaf_data
from substrate.store.branches import origin_of
from substrate.store.exchange.contents import Contents
from substrate.store.superseded import rows_of
from substrate.store.vault import commitment


def verify_logs(contents: Contents) -> None:
    """A signed head fits all the leaves of each log, and each document stands in a log.

    Other heads that the node signed and that do not fit are its fork: they are kept, and counted by whoever checks.
    """
    logged: set[str] = set()
    for log in contents.logs.values():
        heads = {read_checkpoint(text) for text in log.checkpoints}
        if any(head.origin != origin_of(log.origin) for head in heads):
            raise BadInclusion("a head of another log among those of a log")
        frontier = Frontier()
        for private, digest in log.leaves:
            for _ in frontier.append(leaf_hash(leaf_data(private, digest))):
                pass
            if not private:
                logged.add(digest)
        log.head = Head(origin_of(log.origin), frontier.size, frontier.root())
        if log.head not in heads:
            raise BadInclusion("a log without a signed head that fits all its leaves")
    if contents.documents.keys() - logged:
        raise BadInclusion("a document that stands in no log")


def verify_items(contents: Contents) -> None:
    """Texts belong to facts that the file holds; erased ones are known before any text is stored."""
    roles = fold_roles(contents.documents.values(), contents.commons, contents.charter, None, _positions(contents))
    contents.erased = {d.subject for d in contents.documents.values() if d.kind == "Erased" and roles.by_node(d)}
    facts = {d.subject: d for d in contents.documents.values() if d.kind == "ConsentFact" and is_authorised(d, roles)}
    redactions = _redactions(contents)
    for item in contents.items:
        fact = facts.get(item["contribution"])
        if fact is None or fact.body["tier"] == "federated":
            raise BadInclusion("a text without an admitted consent fact, or a federated one")
        rows = rows_of(fact, redactions.get(item["contribution"], ()), roles)
        if commitment(bytes.fromhex(item["salt"]), item["text"]) != item["row"] or item["row"] != rows[-1]:
            raise BadInclusion("a text that does not fit the commitment of its fact, or one that was superseded")
        if [fact.body["record"]] != [d.digest for d in item["private"] if d.kind == "ConsentRecord"]:
            raise BadInclusion("a text without the consent record that its fact cites, or with another one")
        if any(d.subject != item["contribution"] or not d.private for d in item["private"]):
            raise BadInclusion("a text with private documents of something else")
        contents.accepted_by[item["contribution"]] = fact.signer


def _positions(contents: Contents) -> Inside:
    """Tells whether a cut holds a document, from the leaves of the file; asked only once a key was removed."""
    places: dict[str, list[tuple[str, int]]] = {}
    checked: dict[Cut, dict[str, int]] = {}

    def inside(digest: str, cut: Cut) -> bool:
        if not places:
            for log in contents.logs.values():
                for index, (_, leaf) in enumerate(log.leaves):
                    places.setdefault(leaf, []).append((log.origin, index))
        if cut not in checked:
            checked[cut] = {log: head.size for head in cut for log in _fitting(contents, head)}
        return any(index < checked[cut].get(origin, 0) for origin, index in places.get(digest, ()))

    return inside


def _fitting(contents: Contents, head: Head) -> list[str]:
    """The branches of the file that begin with the tree that a head names; a cut of another tree holds nothing."""
    held = [log for log in contents.logs.values() if origin_of(log.origin) == head.origin]
    return [
        log.origin
        for log in held
        if len(log.leaves) >= head.size and tree_root(leaf_data(*leaf) for leaf in log.leaves[: head.size]) == head.root
    ]


def _redactions(contents: Contents) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {}
    for document in contents.documents.values():
        if document.kind == "Redaction":
            found.setdefault(document.subject, []).append(document)
    return found
