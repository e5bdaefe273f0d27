"""Whose signature counts for what: the code of `authority_table`, and the fold of roles that it reads.

Roles fold in order: charter, nodes, members, the rest. A statement without authority changes no view and is
listed. Founding acts (policy, notices, recipe) are in force because the pinned charter cites them; later ones
when as many stewards as the threshold asks have signed the act or approved it. The charter itself may have been
changed since (`substrate.record.charter`): each state of it judges what the cut of the next change holds, the last
one all the rest, and statements of a removed key count up to the cut named at its removal.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from substrate.record.authority_table import (
    AUTHORITY,
    DISPUTE_STATEMENTS,
    GOVERNED_ACTS,
    MEMBER_STATEMENTS,
    NODE_STATEMENTS,
    ROLE_KINDS,
    STEWARD_ACTS,
)
from substrate.record.canonical import JsonObject
from substrate.record.charter import Chain, CharterState, Inside, Voices, follow, nowhere
from substrate.record.cut import Cut
from substrate.record.documents import Document
from substrate.record.errors import UnknownCommons

__all__ = [
    "AUTHORITY", "GOVERNED_ACTS", "NODE_STATEMENTS", "ROLE_KINDS", "STEWARD_ACTS", "Roles", "curators", "fold_roles",
    "is_authorised", "policy_in_force", "recipe_in_force",
]  # fmt: skip


@dataclass(frozen=True)
class Roles:
    """Who may do what in one commons, seen from one home.

    Attributes:
        charter: the founding charter; its ``body`` is what the changes in force made of it.
        nodes: admitted nodes and this home's own.
        approvals: for each act or decision (by digest) which stewards and moderators approved it.
        acts: the steward acts that are in force, by digest.
        chain: the charter, change by change. inside: tells whether a cut holds a document.
        vouched: members by vouches, beside those whom the charter names.
        board: who sits on it. enacted: governed acts that the chambers put in force, in that order.
    """

    commons: str
    charter: Document
    stewards: frozenset[str]
    threshold: int
    moderators: frozenset[str]
    panel: int
    nodes: frozenset[str]
    chain: Chain
    voices: Voices = field(default_factory=dict)
    inside: Inside = nowhere
    approvals: dict[str, frozenset[str]] = field(default_factory=dict)
    acts: dict[str, Document] = field(default_factory=dict)
    vouched: frozenset[str] = frozenset()
    board: frozenset[str] = frozenset()
    enacted: tuple[str, ...] = ()

    def carried(self, document: Document, role: str) -> bool:
        """Whether enough stewards (or moderators) signed or approved ``document``, in one state of the charter."""
        voices = [(document.signer, document.digest), *self.voices.get(document.digest, ())]
        if self._enough(self.chain.state, role, voices):
            return True
        return any(
            self._enough(state, role, [voice for voice in voices if self.inside(voice[1], cut)])
            for state, cut in self.chain.epochs
        )

    def carried_by_stewards(self, document: Document, heard: Cut | None = None) -> bool:
        """Whether stewards put a governed act in force: while the charter left that to them, and not later.

        With ``heard`` only what that cut holds counts: whether it was in force by then.
        """
        voices = [(document.signer, document.digest), *self.voices.get(document.digest, ())]
        if heard is not None:
            voices = [voice for voice in voices if self.inside(voice[1], heard)]
        now = self.chain.state
        if now.body["enactment"] == "stewards" and self._enough(now, "steward", voices):
            return True
        return any(
            state.body["enactment"] == "stewards"
            and self._enough(state, "steward", [voice for voice in voices if self.inside(voice[1], cut)])
            for state, cut in self.chain.epochs
        )

    def carried_by_board(self, document: Document) -> bool:
        """Whether more than half of the board signed or approved ``document``; while nobody sits on it, stewards."""
        if not self.board:
            return self.carried(document, "steward")
        speakers = {document.signer, *(key for key, _ in self.voices.get(document.digest, ()))}
        return 2 * len(speakers & self.board) > len(self.board)

    def by_member(self, document: Document) -> bool:
        """Whether a member made the statement: vouched for, named in the charter, or a steward."""
        voice = [(document.signer, document.digest)]
        state = self.chain.state
        named = state.counted("member", voice, self.inside) or state.counted("steward", voice, self.inside)
        return document.signer in self.vouched or bool(named)

    def _enough(self, state: CharterState, role: str, voices: list[tuple[str, str]]) -> bool:
        return len(state.counted(role, voices, self.inside)) >= state.needed(role)

    def read_enough(self, readings: Iterable[Document]) -> bool:
        """Whether curators confirmed a held text, in one state of the charter: one key, or two with a second reader.

        ``readings`` are those of the rows that the text had: what somebody let pass stays so when more is removed.
        """
        voices = [(d.signer, d.digest, d.body["reading"]) for d in readings]
        if self._read_by_enough(self.chain.state, voices):
            return True
        return any(
            self._read_by_enough(state, [voice for voice in voices if self.inside(voice[1], cut)])
            for state, cut in self.chain.epochs
        )

    def _read_by_enough(self, state: CharterState, voices: list[tuple[str, str, str]]) -> bool:
        def keys(words: frozenset[str]) -> set[str]:
            said = [(key, digest) for key, digest, word in voices if word in words]
            return curators(state, said, self.inside)

        needed = 2 if state.body["secondReader"] else 1
        return bool(keys(frozenset({"confirmed"}))) and len(keys(frozenset({"confirmed", "marked"}))) >= needed

    def by_node(self, document: Document) -> bool:
        """Whether an admitted node, this home's own, or one that was removed only later made the statement."""
        if document.signer in self.nodes:
            return True
        cut = self.chain.state.removed.get(("node", document.signer))
        return cut is not None and self.inside(document.digest, cut)

    def settles(self, document: Document) -> bool:
        """Whether whoever made the statement may settle: an admitted node, or on the submitter's side a member."""
        if self.by_node(document):
            return True
        voice = [(document.signer, document.digest)]
        member = document.signer in self.vouched or bool(self.chain.state.counted("member", voice, self.inside))
        return document.body["side"] == "submitter" and member

    def succeeds(self, key: str, node: str) -> bool:
        """Whether ``key`` is ``node``, or goes on in its place."""
        seen = {node}
        while node != key and (following := self.chain.state.successors.get(node)) and following not in seen:
            seen.add(following)
            node = following
        return node == key

    def predecessors(self, node: str) -> frozenset[str]:
        """The keys in whose place ``node`` goes on, itself not among them."""
        return frozenset(key for key in self.chain.state.successors if key != node and self.succeeds(node, key))

    def in_force(self, kind: str) -> list[Document]:
        """The acts of ``kind`` in force and not replaced by a later one, by digest."""
        replaced = {act.body.get("previous") for act in self.acts.values()}
        return [act for digest, act in sorted(self.acts.items()) if act.kind == kind and digest not in replaced]

    def revoked_models(self) -> dict[str, Document]:
        """For each model approval (by digest) that stewards took back, the revocation; of several the first by digest.

        Taking back is for good: the same bytes need another approval.
        """
        return {act.body["approval"]: act for act in reversed(self.in_force("ModelRevocation"))}


def fold_roles(
    documents: Iterable[Document], commons: str, charter: str, own_node: str | None, inside: Inside = nowhere,
    *, vouched: frozenset[str] = frozenset(), board: frozenset[str] = frozenset(), enacted: tuple[str, ...] = (),
) -> Roles:  # fmt: skip
    """The roles of a commons whose charter has the pinned digest ``charter``.

    ``inside`` tells whether a cut holds a document; without it nothing counts that a removed key stated. ``vouched``,
    ``board`` and ``enacted`` are what the folds of governance found: see `Roles`.

    Raises:
        UnknownCommons: the pinned charter is not among the documents, or speaks for another commons.
    """
    relevant = {
        document.digest: document
        for document in documents
        if document.kind in ROLE_KINDS and document.body["audience"] == commons
    }
    founding = relevant.get(charter)
    if founding is None or founding.kind != "Charter":
        raise UnknownCommons("the pinned charter of this commons is not among the documents")
    voices = _voices(relevant.values())
    changes = [document for document in relevant.values() if document.kind == "CharterChange"]
    spoken = {d.digest: [(d.signer, d.digest), *voices.get(d.digest, ())] for d in changes}
    chain = follow(founding, changes, spoken, inside)
    state = chain.state
    roles = Roles(
        commons=commons,
        charter=replace(founding, body=state.body),
        stewards=state.holders("steward"),
        threshold=state.needed("steward"),
        moderators=state.holders("moderator"),
        panel=state.needed("moderator"),
        nodes=state.holders("node") | ({own_node} if own_node else frozenset()),
        chain=chain,
        voices=voices,
        inside=inside,
        approvals=_approvals(voices, state, inside),
        vouched=vouched,
        board=board,
        enacted=enacted,
    )
    roles.acts.update(_acts(relevant, roles))
    return roles


def curators(state: CharterState, voices: Iterable[tuple[str, str]], inside: Inside) -> set[str]:
    """Those of ``voices`` (key, digest of what it said) that are a steward's or a moderator's in this state."""
    said = list(voices)
    return state.counted("steward", said, inside) | state.counted("moderator", said, inside)


def is_authorised(document: Document, roles: Roles, fact: Document | None = None) -> bool:
    """Whether ``document`` may change a view; ``fact`` is that of the contribution it is about."""
    if not document.known or document.body["audience"] != roles.commons:
        return False
    kind = document.kind
    if kind == "Charter":
        return document.digest == roles.charter.digest
    if kind in STEWARD_ACTS:
        return document.digest in roles.acts
    if kind == "CharterChange":
        return document.digest in roles.chain.changes
    if kind in ("Approval", "HeldReading", "CaseNote"):
        return bool(curators(roles.chain.state, [(document.signer, document.digest)], roles.inside))
    if kind in ("ModerationDecision", "AuditRuling"):
        return roles.carried(document, "moderator")
    if kind in NODE_STATEMENTS:
        return roles.by_node(document)
    if kind in ("ClosingCut", "EmergencyStop", "PoolEntry"):
        return roles.carried(document, "steward")
    if kind == "DisputeDecided":
        appealed = "appeal" in document.body
        return roles.carried_by_board(document) if appealed else roles.carried(document, "moderator")
    if kind in MEMBER_STATEMENTS:
        return roles.by_member(document)
    if kind in DISPUTE_STATEMENTS:
        return roles.by_member(document) or roles.by_node(document)
    if kind == "MemberBinding":
        side = document.body["side"]
        return document.signer == document.body[side] and (side == "person" or roles.by_node(document))
    if kind == "AuditVerdict":
        return roles.by_node(document) and document.signer != document.body["worker"]
    if kind == "Settlement":
        return document.signer == document.body[document.body["side"]] and roles.settles(document)
    if kind in ("ConsentWithdrawal", "ConsentNarrowing"):
        by_code = document.body["authority"] == "withdrawal-key"
        return by_code and fact is not None and document.signer == fact.body["withdrawalKey"]
    if kind == "Appeal":
        return fact is not None and document.signer == fact.body["withdrawalKey"]
    if kind in ("ConsentChange", "PartyConsent", "Redaction"):
        return fact is not None and roles.succeeds(document.signer, fact.signer) and roles.by_node(document)
    return False


def _voices(documents: Iterable[Document]) -> Voices:
    """Every approval, by what it approves; whether it counts depends on the state of the charter."""
    voices: Voices = {}
    for document in documents:
        if document.kind == "Approval":
            voices.setdefault(document.body["act"], []).append((document.signer, document.digest))
    return voices


def _approvals(voices: Voices, state: CharterState, inside: Inside) -> dict[str, frozenset[str]]:
    found = {
        act: state.counted("steward", spoken, inside) | state.counted("moderator", spoken, inside)
        for act, spoken in voices.items()
    }
    return {act: frozenset(signers) for act, signers in found.items() if signers}


def _acts(relevant: dict[str, Document], roles: Roles) -> dict[str, Document]:
    """Founding acts, and what the threshold of stewards carried.

    Of two successors neither is in force, nor anything that builds on one of them.
    """
    body = roles.charter.body
    founding = {body["policy"], body["recipe"], *body["notices"]}
    acts = {
        digest: act
        for digest, act in relevant.items()
        if act.kind in STEWARD_ACTS and (digest in founding or _in_force(act, roles))
    }
    successors: dict[str, list[str]] = {}
    for digest, act in acts.items():
        if "previous" in act.body and digest not in roles.enacted:
            successors.setdefault(act.body["previous"], []).append(digest)
    forked = [digest for rivals in successors.values() if len(rivals) > 1 for digest in rivals]
    fallen: set[str] = set()
    while forked:
        digest = forked.pop()
        if digest not in fallen:
            fallen.add(digest)
            forked += successors.get(digest, [])
    return {digest: act for digest, act in acts.items() if digest not in fallen}


def _in_force(act: Document, roles: Roles) -> bool:
    if act.kind in GOVERNED_ACTS:
        return act.digest in roles.enacted or roles.carried_by_stewards(act)
    return roles.carried(act, "steward")


def policy_in_force(roles: Roles) -> JsonObject:
    """The content of the policy in force (the founding one until stewards replace it)."""
    return _single(roles, "Policy")


def recipe_in_force(roles: Roles) -> JsonObject:
    """The content of the recipe in force (the founding one until stewards replace it)."""
    return _single(roles, "Recipe")


def _single(roles: Roles, kind: str) -> JsonObject:
    """What the chambers enacted last; else the end of the chain of successors from the founding act.

    An act of the stewards outside that chain is not in force.
    """
    chosen = [digest for digest in roles.enacted if digest in roles.acts and roles.acts[digest].kind == kind]
    if chosen:
        last: JsonObject = roles.acts[chosen[-1]].body["content"]
        return last
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
    found: JsonObject = current.body["content"]
    return found
