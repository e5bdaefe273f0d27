"""What the folds read: the documents of a cut, and who may say what in it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from substrate.record.authority import ROLE_KINDS, Roles, fold_roles
from substrate.record.charter import Inside, nowhere
from substrate.record.cut import Cut
from substrate.record.documents import Document

#: Every kind that a rule of governance looks at; a ledger without the others folds alike.
KINDS: Final = ROLE_KINDS | {
    "Settlement", "AuditVerdict", "AuditRuling", "Vouch", "MemberBinding", "Proposal", "VoteCommitment", "VoteReveal",
    "ClosingCut", "DisputeOpened", "DisputeAnswered", "DisputeDecided", "DisputeAppealed", "EmergencyStop", "PoolEntry",
    "PrioritySpend",
}  # fmt: skip


@dataclass(frozen=True)
class Ledger:
    """Public documents of one commons by digest; `read_ledger` makes it.

    Attributes:
        inside: whether a cut holds a document; the store knows it from the leaves of the logs.
        forked: keys of nodes of which two heads of one log cannot both be true.
    """

    documents: tuple[Document, ...]
    commons: str
    charter: str
    inside: Inside = nowhere
    forked: frozenset[str] = frozenset()

    def within(self, cut: Cut) -> "Ledger":
        """The part that ``cut`` holds; forks that are proven count at every cut."""
        held = tuple(one for one in self.documents if self._founds(one) or self.inside(one.digest, cut))
        return Ledger(held, self.commons, self.charter, self.inside, self.forked)

    def of(self, *kinds: str) -> Iterator[Document]:
        """Documents of these kinds, by digest."""
        return (document for document in self.documents if document.kind in kinds)

    def roles(self) -> Roles:
        """The roles in this ledger, before the chambers enact anything.

        Raises:
            UnknownCommons: the founding charter is not among the documents.
        """
        return fold_roles(self.documents, self.commons, self.charter, None, self.inside)

    def _founds(self, document: Document) -> bool:
        return document.digest == self.charter


def read_ledger(
    documents: Iterable[Document], commons: str, charter: str,
    inside: Inside = nowhere, forked: Collection[str] = (),
) -> Ledger:  # fmt: skip
    """A ledger of whatever comes, in any order and however often; unknown kinds and other commons are left out."""
    unique = {d.digest: d for d in documents if d.known and d.body["audience"] == commons and not d.private}
    ordered = tuple(document for _, document in sorted(unique.items()))
    return Ledger(ordered, commons, charter, inside, frozenset(forked))
