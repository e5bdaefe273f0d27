"""Whose a node is, and who vouched for whom: what keeps an auditor from judging its own people."""

from collections.abc import Callable

from compute_mesh.audit.policy import Candidate, unrelated
from governance.ledger import read_ledger
from governance.members.bindings import bindings_of
from governance.members.vouches import vouchers_of
from governance.reputation import MayJudge
from substrate.record.documents import Document
from substrate.record.errors import UnknownCommons
from substrate.store.home import Home

KINDS = ("MemberBinding", "Vouch")
CandidateOf = Callable[[str], Candidate]


def candidates(home: Home) -> CandidateOf:
    """What the ledger says about a node as an auditor: its person where both sides said so, else the node itself."""
    ledger = read_ledger(home.ledger.documents(kinds=KINDS), home.commons, home.charter)
    try:
        bindings, vouchers = bindings_of(ledger, home.roles()), vouchers_of(ledger)
    except UnknownCommons:
        return alone

    def candidate(node: str) -> Candidate:
        person = bindings.person(node)
        return Candidate(node, person, vouchers.get(person, frozenset()))

    return candidate


def alone(node: str) -> Candidate:
    """A node of which nothing is known."""
    return Candidate(node, node)


def may_judge(candidate: CandidateOf) -> MayJudge:
    """Whether a verdict is by somebody who is neither the worker's person nor vouched for by it or for it."""

    def may(verdict: Document) -> bool:
        return unrelated(candidate(verdict.signer), candidate(verdict.body["worker"]))

    return may
