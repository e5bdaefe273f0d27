"""Listing documents, and whether each counts."""

from typing import Any

from substrate.record.authority import is_authorised
from substrate.record.documents import Document
from substrate.store.errors import NotFound
from substrate.store.home import Home


def list_statements(home: Home, kind: str | None, *, only_without_authority: bool) -> list[dict[str, Any]]:
    """Every public document with whether its signer had the authority to state it."""
    roles = home.roles()
    found = []
    for document in home.ledger.documents(kinds=[kind] if kind else ()):
        counts = is_authorised(document, roles, _fact(home, document))
        if not (only_without_authority and counts):
            found.append(
                {
                    "digest": document.digest,
                    "kind": document.kind,
                    "signer": document.signer,
                    "counts": counts,
                }
            )
    return found


def find_document(home: Home, prefix: str) -> Document:
    """The document whose digest begins so.

    Raises:
        NotFound: none does, or several do.
    """
    rows = home.database.connection.execute(
        "SELECT digest FROM documents WHERE digest >= ? AND digest < ? LIMIT 2", (prefix, prefix + "g")
    ).fetchall()
    if len(rows) != 1:
        raise NotFound("no document with this digest" if not rows else "several documents begin so")
    return home.ledger.document(rows[0][0])


def _fact(home: Home, document: Document) -> Document | None:
    if not document.subject or document.kind == "ConsentFact":
        return None
    return next(home.ledger.documents(kinds=["ConsentFact"], subject=document.subject), None)
