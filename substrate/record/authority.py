"""Whose signature counts for what: one table, and the fold of roles that it reads.

Roles fold in order: charter, nodes, members, the rest. A statement without authority changes no view and is
listed. Founding acts (policy, notices, recipe) are in force because the pinned charter cites them; later ones
when as many stewards as the threshold asks have signed the act or approved it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from substrate.record.canonical import JsonObject
from substrate.record.documents import Document
from substrate.record.errors import UnknownCommons

#: For each kind: who may make the statement. `is_authorised` is the code of this table.
AUTHORITY: Final[dict[str, str]] = {
    "Charter": "whoever founded: valid because its digest is pinned",
    "Policy": "stewards (threshold)",
    "Notice": "stewards (threshold)",
    "Recipe": "stewards (threshold)",
    "ModelApproval": "stewards (threshold)",
    "Approval": "a steward for acts, a moderator for decisions",
    "ConsentRecord": "any key that the record names; counts only through a fact",
    "CoConsent": "any key; counts only through a fact",
    "ConsentFact": "an admitted node, or this home's own",
    "ConsentWithdrawal": "the fact's withdrawal key; otherwise private, and only its ConsentChange counts",
    "ConsentNarrowing": "the fact's withdrawal key; otherwise private, and only its ConsentChange counts",
    "ConsentChange": "the node that accepted the contribution",
    "ModerationDecision": "moderators (panel)",
    "Redaction": "the node that accepted the contribution",
    "Erased": "an admitted node, or this home's own: for the copy that it held",
    "DatasetVersion": "an admitted node, or this home's own",
    "HomeRestored": "an admitted node, or this home's own: for its own logs",
}

STEWARD_ACTS: Final = frozenset({"Policy", "Notice", "Recipe", "ModelApproval"})
#: Kinds that the fold of roles needs; there are few of them.
ROLE_KINDS: Final = STEWARD_ACTS | {"Charter", "Approval"}


@dataclass(frozen=True)
class Roles:
    """Who may do what in one commons, seen from one home.

    Attributes:
        nodes: admitted nodes and this home's own.
        approvals: for each act or decision (by digest) which stewards and moderators approved it.
        acts: the steward acts that are in force, by digest.
    """

    commons: str
    charter: Document
    stewards: frozenset[str]
    threshold: int
    moderators: frozenset[str]
    panel: int
    nodes: frozenset[str]
    approvals: dict[str, frozenset[str]] = field(default_factory=dict)
    acts: dict[str, Document] = field(default_factory=dict)

    def carried(self, document: Document, by: frozenset[str], needed: int) -> bool:
        """Whether ``needed`` of ``by`` signed or approved ``document``."""
        voices = self.approvals.get(document.digest, frozenset()) | {document.signer}
        return len(voices & by) >= needed

    def in_force(self, kind: str) -> list[Document]:
        """The acts of ``kind`` in force and not replaced by a later one, by digest."""
        replaced = {act.body.get("previous") for act in self.acts.values()}
        return [act for digest, act in sorted(self.acts.items()) if act.kind == kind and digest not in replaced]


def fold_roles(documents: Iterable[Document], commons: str, charter: str, own_node: str | None) -> Roles:
    """The roles of a commons whose charter has the pinned digest ``charter``.

    Raises:
        UnknownCommons: the pinned charter is not among the documents, or speaks for another commons.
    """
    relevant = {document.digest: document for document in documents if document.kind in ROLE_KINDS}
    founding = relevant.get(charter)
    if founding is None or founding.kind != "Charter" or founding.body["audience"] != commons:
        raise UnknownCommons("the pinned charter of this commons is not among the documents")
    body = founding.body
    roles = Roles(
        commons=commons,
        charter=founding,
        stewards=frozenset(body["stewards"]),
        threshold=body["threshold"],
        moderators=frozenset(body["moderators"]),
        panel=body["panel"],
        nodes=frozenset(body["nodes"]) | ({own_node} if own_node else frozenset()),
        approvals=_approvals(relevant.values(), commons, frozenset(body["stewards"]) | frozenset(body["moderators"])),
    )
    roles.acts.update(_acts(relevant, roles))
    return roles


def is_authorised(document: Document, roles: Roles, fact: Document | None = None) -> bool:
    """Whether ``document`` may change a view; ``fact`` is that of the contribution it is about."""
    if not document.known or document.body["audience"] != roles.commons:
        return False
    kind = document.kind
    if kind == "Charter":
        return document.digest == roles.charter.digest
    if kind in STEWARD_ACTS:
        return document.digest in roles.acts
    if kind == "Approval":
        return document.signer in roles.stewards | roles.moderators
    if kind == "ModerationDecision":
        return roles.carried(document, roles.moderators, roles.panel)
    if kind in ("ConsentFact", "Erased", "DatasetVersion", "HomeRestored"):
        return document.signer in roles.nodes
    if kind in ("ConsentWithdrawal", "ConsentNarrowing"):
        by_code = document.body["authority"] == "withdrawal-key"
        return by_code and fact is not None and document.signer == fact.body["withdrawalKey"]
    if kind in ("ConsentChange", "Redaction"):
        return fact is not None and document.signer == fact.signer
    return False


def _approvals(documents: Iterable[Document], commons: str, who: frozenset[str]) -> dict[str, frozenset[str]]:
    voices: dict[str, set[str]] = {}
    for document in documents:
        if document.kind == "Approval" and document.body["audience"] == commons and document.signer in who:
            voices.setdefault(document.body["act"], set()).add(document.signer)
    return {act: frozenset(signers) for act, signers in voices.items()}


def _acts(relevant: dict[str, Document], roles: Roles) -> dict[str, Document]:
    """Founding acts, and what the threshold of stewards carried.

    Of two successors neither is in force, nor anything that builds on one of them.
    """
    body = roles.charter.body
    founding = {body["policy"], body["recipe"], *body["notices"]}
    acts = {
        digest: act
        for digest, act in relevant.items()
        if act.kind in STEWARD_ACTS
        and act.body["audience"] == roles.commons
        and (digest in founding or roles.carried(act, roles.stewards, roles.threshold))
    }
    successors: dict[str, list[str]] = {}
    for digest, act in acts.items():
        if "previous" in act.body:
            successors.setdefault(act.body["previous"], []).append(digest)
    forked = [digest for rivals in successors.values() if len(rivals) > 1 for digest in rivals]
    fallen: set[str] = set()
    while forked:
        digest = forked.pop()
        if digest not in fallen:
            fallen.add(digest)
            forked += successors.get(digest, [])
    return {digest: act for digest, act in acts.items() if digest not in fallen}


def policy_in_force(roles: Roles) -> JsonObject:
    """The content of the policy in force (the founding one until stewards replace it)."""
    return _single(roles, "Policy")


def recipe_in_force(roles: Roles) -> JsonObject:
    """The content of the recipe in force (the founding one until stewards replace it)."""
    return _single(roles, "Recipe")


def _single(roles: Roles, kind: str) -> JsonObject:
    """Follow the chain of successors from the founding act; an act outside the chain is not in force."""
    current = roles.acts.get(roles.charter.body[kind.lower()])
    if current is None or current.kind != kind:
        raise UnknownCommons(f"the charter cites a {kind} that is not among the documents")
    following = {act.body["previous"]: act for act in roles.acts.values() if "previous" in act.body}
    seen = {current.digest}
    while (successor := following.get(current.digest)) and successor.kind == kind:
        if successor.digest in seen:
            break
        seen.add(successor.digest)
        current = successor
    content: JsonObject = current.body["content"]
    return content
