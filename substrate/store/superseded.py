"""Which rows a text had, by the redactions that count, and which texts here are older than that.

A `Redaction` is its own journal: wherever it comes to be known (an import, a restore), the bytes of the row before
have to go.
"""

from collections.abc import Iterable

from substrate.record.authority import Roles, is_authorised
from substrate.record.documents import Document
from substrate.record.rows import follow_redactions, follow_rows
from substrate.store.database import Database
from substrate.store.ledger import Ledger


def rows_of(fact: Document, redactions: Iterable[Document], roles: Roles) -> tuple[str, ...]:
    """The rows of the text of ``fact``, oldest first, by those of ``redactions`` that may speak of it."""
    return follow_rows(fact.body["row"], _counting(fact, redactions, roles))


def loose_redactions(fact: Document, redactions: Iterable[Document], roles: Roles) -> list[Document]:
    """Redactions with authority that stand outside the chain from the fact's row: a fork, or a gap."""
    counting = _counting(fact, redactions, roles)
    chain = {document.digest for document in follow_redactions(fact.body["row"], counting)}
    return [document for document in counting if document.digest not in chain]


def outdated_texts(database: Database, ledger: Ledger, roles: Roles, more: Iterable[Document] = ()) -> list[str]:
    """Contributions of which this home keeps bytes that a redaction (in the ledger or among ``more``) superseded."""
    learned = [document for document in more if document.kind == "Redaction"]
    before = {(d.subject, d.body["rowBefore"]) for d in (*ledger.documents(kinds=["Redaction"]), *learned)}
    if not before:
        return []
    items = database.connection.execute("SELECT contribution, row FROM items").fetchall()
    return [
        contribution
        for contribution, row in items
        if (contribution, row) in before
        and _is_outdated(row, [*ledger.documents(subject=contribution), *_about(learned, contribution)], roles)
    ]


def _is_outdated(row: str, about: list[Document], roles: Roles) -> bool:
    facts = [d for d in about if d.kind == "ConsentFact" and is_authorised(d, roles)]
    redactions = [d for d in about if d.kind == "Redaction"]
    return any(row in rows_of(fact, redactions, roles)[:-1] for fact in facts)


def _about(documents: list[Document], contribution: str) -> list[Document]:
    return [document for document in documents if document.subject == contribution]


def _counting(fact: Document, redactions: Iterable[Document], roles: Roles) -> list[Document]:
    return [d for d in redactions if d.kind == "Redaction" and is_authorised(d, roles, fact)]
