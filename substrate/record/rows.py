"""The rows of one text: the one that its fact states, and those that later redactions put in its place."""

from collections.abc import Iterable

from substrate.record.documents import Document


def follow_rows(first: str, redactions: Iterable[Document]) -> tuple[str, ...]:
    """The fact's row and its successors, oldest first; the last one stands now.

    ``redactions`` are those that count. One that fits nowhere, or leads back to a row that was destroyed, changes
    nothing; of two that begin at one row the one with the greater digest counts.
    """
    return (first, *(document.body["rowAfter"] for document in follow_redactions(first, redactions)))


def follow_redactions(first: str, redactions: Iterable[Document]) -> tuple[Document, ...]:
    """The redactions that lead from the fact's row to the one that stands now, oldest first."""
    ordered = sorted(redactions, key=lambda document: document.digest)
    following = {document.body["rowBefore"]: document for document in ordered}
    rows, chain = [first], []
    while (step := following.get(rows[-1])) is not None and step.body["rowAfter"] not in rows:
        rows.append(step.body["rowAfter"])
        chain.append(step)
    return tuple(chain)
