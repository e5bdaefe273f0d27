"""Texts of an export that may have been erased since: nothing in this home is newer than the file.

A file does not tell its age. What tells of erasures since is a newer state of the logs of the node that accepted
the text: this home's own, or one that came with a newer export. Without it a text that was erased would come back.
"""

import uuid

from substrate.record.authority import Roles
from substrate.record.checkpoint import node_of
from substrate.record.cut import cut_entries, make_cut
from substrate.record.documents import Document, write_document
from substrate.store.branches import origin_of
from substrate.store.errors import LostErasures
from substrate.store.exchange.contents import Contents
from substrate.store.home import Home

ADVICE = (
    "this file holds texts, and nothing here is newer than it: those that were erased since would come back. First "
    "import a newer ledger export of the node that accepted them (the vault is not needed), or say "
    "--accept-lost-erasures: it is logged"
)


def refuse_for_new_home(contents: Contents) -> None:
    """What an import into a home that does not exist yet has to ask first.

    Raises:
        LostErasures: the file holds texts.
    """
    if texts_at_risk(contents, {}, None, set()):
        raise LostErasures(ADVICE)


def texts_at_risk(contents: Contents, sizes: dict[str, int], roles: Roles | None, settled: set[str]) -> list[str]:
    """Contributions that the file would bring back, were they erased since.

    ``sizes`` is how far each log is known here, ``settled`` what is here already or known to be erased.
    """
    newer: dict[str, bool] = {}
    found = []
    for item in contents.items:
        contribution = item["contribution"]
        if contribution in settled or contribution in contents.erased:
            continue
        node = contents.accepted_by[contribution]
        if node not in newer:
            newer[node] = _newer_here(contents, sizes, roles, node)
        if not newer[node]:
            found.append(contribution)
    return found


def _newer_here(contents: Contents, sizes: dict[str, int], roles: Roles | None, node: str) -> bool:
    """Whether this home knows all that the file knows of the logs of a node and its successors, and more."""
    ours = {log: size for log, size in sizes.items() if _speaks_for(log, node, roles)}
    theirs = {log: len(copy.leaves) for log, copy in contents.logs.items() if _speaks_for(log, node, roles)}
    behind = any(ours.get(log, 0) < size for log, size in theirs.items())
    return not behind and any(size > theirs.get(log, 0) for log, size in ours.items())


def _speaks_for(log: str, node: str, roles: Roles | None) -> bool:
    key = node_of(origin_of(log))
    return key == node or (roles is not None and roles.succeeds(key, node))


def accepted_statement(
    home: Home, contents: Contents, roles: Roles | None, items: list[str], time: str
) -> Document:  # fmt: skip
    """`TextsImported`: somebody was asked, and went on."""
    nodes = {contents.accepted_by[contribution] for contribution in items}
    logs = [copy for copy in contents.logs.values() if any(_speaks_for(copy.origin, node, roles) for node in nodes)]
    fields = {
        "fromLogs": cut_entries(make_cut(copy.head for copy in logs if copy.head is not None)),
        "acceptedLostErasures": True,
        "items": len(items),
        "time": time,
    }
    return write_document("TextsImported", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time)
