"""Whether a node may run a job at all: the honest tiers, and the first reason why not."""

from collections.abc import Callable, Iterable
from typing import Final

from compute_mesh.jobs.asks import FEDERATED_BELOW, INTERACTIVE_LEAST, Ask, Node


def _private(ask: Ask, node: Node) -> bool:
    if ask.privacy == "own-node":
        return node.owner == ask.person
    if ask.privacy == "trusted":
        return node.owner == ask.person or node.node in ask.trusted
    if ask.privacy == "public":
        return True
    return node.admitted and (ask.privacy == "member" or node.attested)


def _roomy(ask: Ask, node: Node) -> bool:
    """A whole model on one node: on the card or in memory; a batch may lie in both."""
    if ask.interactive:
        return ask.memory <= max(node.memory, node.card)
    return ask.memory <= node.memory + node.card


def _quick(ask: Ask, node: Node) -> bool:
    speed = node.models.get(ask.model, 0.0)
    return not ask.interactive or not speed or speed >= INTERACTIVE_LEAST


def _has_texts(ask: Ask, node: Node) -> bool:
    return not ask.federated or (node.federated and ask.holder in ("", node.node))


def _checkable(ask: Ask, node: Node) -> bool:
    """Work on texts that lie there is done nowhere else: nobody could check it, whatever the node's standing."""
    return ask.federated or node.standing == "good" or ask.assurance != "none" or node.near(ask.person)


#: Each rule in the order in which they are looked at, with the word for jobs that no node gets past it.
RULES: Final[tuple[tuple[str, Callable[[Ask, Node], bool]], ...]] = (
    ("quarantined", lambda ask, node: node.standing != "quarantined" or node.owner == ask.person),
    ("privacy", _private),
    ("no-model", lambda ask, node: ask.model in node.models),
    ("no-type", lambda ask, node: ask.kind in node.kinds),
    ("no-texts", _has_texts),
    ("memory", _roomy),
    ("slow", _quick),
    ("probation", _checkable),
    ("drained", lambda _, node: not node.draining),
    ("capped", lambda ask, node: not node.capped or node.owner == ask.person),
    ("quiet", lambda ask, node: not node.quiet or node.owner == ask.person),
)


def fitting(ask: Ask, nodes: Iterable[Node]) -> tuple[list[Node], str]:
    """The nodes that may run ``ask``, busy or not, and a key of `REASONS` where there are none."""
    if ask.federated and ask.parameters >= FEDERATED_BELOW:
        return [], "federated-size"
    left = list(nodes)
    if not left:
        return [], "no-node"
    for word, rule in RULES:
        left = [node for node in left if rule(ask, node)]
        if not left:
            return [], f"privacy-{ask.privacy}" if word == "privacy" else word
    return left, ""
