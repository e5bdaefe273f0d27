"""Which texts must not be here any more: what signed documents say about texts that this home may hold."""

from collections.abc import Iterable

from substrate.record.authority import Roles, is_authorised
from substrate.record.documents import Document
from substrate.store.database import Database
from substrate.store.ledger import Ledger


def texts_to_destroy(database: Database, ledger: Ledger, roles: Roles, node: str) -> list[str]:
    """Contributions whose text is still here although it has to go.

    The node that accepted it says so (`Erased`), this node said so itself, or a withdrawal by its withdrawal key
    asks for it. Another admitted node's tombstone speaks of that node's own copy.
    """
    candidates = database.connection.execute(
        "SELECT DISTINCT contribution FROM items JOIN documents ON subject = contribution"
        " WHERE kind IN ('Erased', 'ConsentWithdrawal') ORDER BY contribution"
    ).fetchall()
    return [
        str(contribution)
        for (contribution,) in candidates
        if _must_go(list(ledger.documents(subject=contribution)), roles, node)
    ]


def _must_go(about: Iterable[Document], roles: Roles, node: str) -> bool:
    about = list(about)
    facts = [d for d in about if d.kind == "ConsentFact" and is_authorised(d, roles)]
    accepting = {fact.signer for fact in facts} | {node}
    return any(
        (d.kind == "Erased" and d.signer in accepting and is_authorised(d, roles))
        or (d.kind == "ConsentWithdrawal" and d.body["eraseText"] and any(is_authorised(d, roles, f) for f in facts))
        for d in about
    )
