"""Views as folds: any order, duplication or split of the same documents gives identical bytes.

A view never sees arrival order: `gather` keeps one document per digest and hands them on sorted by digest,
grouped by the contribution they are about.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Protocol, TypeVar

from substrate.record.authority import Roles
from substrate.record.documents import Document

Result = TypeVar("Result", covariant=True)


class SubjectFold(Protocol[Result]):
    """Derives one result from all documents about one contribution."""

    def __call__(self, documents: list[Document], roles: Roles) -> Result:
        """``documents`` come without duplicates, sorted by digest."""
        ...


def gather(documents: Iterable[Document]) -> Iterator[tuple[str, list[Document]]]:
    """(contribution, its documents), both in a fixed order; documents about none are left out."""
    unique = {document.digest: document for document in documents if document.subject}
    ordered = sorted(unique.values(), key=lambda document: (document.subject, document.digest))
    for subject, group in groupby(ordered, key=lambda document: document.subject):
        yield subject, list(group)


def fold(documents: Iterable[Document], roles: Roles, derive: SubjectFold[Result]) -> dict[str, Result]:
    """Apply ``derive`` to every contribution of the documents."""
    return {subject: derive(group, roles) for subject, group in gather(documents)}
