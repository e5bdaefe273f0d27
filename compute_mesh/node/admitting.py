"""Whether a newcomer with a good ticket is let in at once: a change of the charter, where this home can make it."""

from consent.founding import InvalidCharter
from consent.keycare import change_charter
from substrate.record.errors import NoAuthority, UnknownCommons
from substrate.store.errors import NotFound
from substrate.store.home import Home

PENDING = "pending"
ADMITTED = "admitted"


def admit(home: Home, node: str, time: str) -> str:
    """``admitted``, ``pending`` (the stewards have to agree), or a sentence that says why never.

    With a steward's key here the change of the charter is signed: it is in force at once where one steward is enough,
    and otherwise waits for the others' `lecs approve`. Without one, a steward admits the node with `lecs node admit`.
    """
    state = home.roles().chain.state
    if node in state.holders("node"):
        return ADMITTED
    if ("node", node) in state.removed:
        return "The charter removed this key, and a removed key never comes back."
    if _proposed(home, node):
        return PENDING
    try:
        proposal = change_charter(home, time, [{"role": "node", "key": node}], [], {})
    except (NoAuthority, InvalidCharter, NotFound):
        return PENDING
    return ADMITTED if proposal.in_force else PENDING


def admitted_nodes(home: Home) -> frozenset[str]:
    """The nodes that the charter in force admits; none where it has not come yet."""
    try:
        return home.roles().chain.state.holders("node")
    except UnknownCommons:
        return frozenset()


def state_of(home: Home, node: str) -> str:
    """``admitted``, ``removed``, or ``pending``, by the charter in force."""
    state = home.roles().chain.state
    if node in state.holders("node"):
        return ADMITTED
    return "removed" if ("node", node) in state.removed else PENDING


def _proposed(home: Home, node: str) -> bool:
    """Whether a change that adds this node waits for approvals already."""
    heads = set(home.roles().chain.heads)
    return any(
        set(change.body["previous"]) == heads and {"role": "node", "key": node} in change.body["added"]
        for change in home.ledger.documents(kinds=["CharterChange"])
    )
