"""Nodes and persons. A node belongs to a person when both say so: once and for good.

Were a node to go on to somebody else, its credit would go with it: a transfer. Who takes over a machine makes a new
key. A node that both sides bound to two persons belongs to none of them.
"""

from dataclasses import dataclass

from governance.ledger import Ledger
from substrate.record.authority import Roles, is_authorised


@dataclass(frozen=True)
class Bindings:
    """``persons``: the person of each bound node; ``organisations``: all that a person ever declared."""

    persons: dict[str, str]
    organisations: dict[str, frozenset[str]]

    def person(self, key: str) -> str:
        """Whose account a key uses: that of the person to whom the node belongs, else its own."""
        return self.persons.get(key, key)

    def share_an_organisation(self, one: str, other: str) -> bool:
        """Whether two persons declared the same organisation."""
        none: frozenset[str] = frozenset()
        return bool(self.organisations.get(one, none) & self.organisations.get(other, none))


def bindings_of(ledger: Ledger, roles: Roles) -> Bindings:
    """Fold all statements about nodes and organisations."""
    said: dict[tuple[str, str], set[str]] = {}
    organisations: dict[str, set[str]] = {}
    for document in ledger.of("MemberBinding"):
        if not is_authorised(document, roles):
            continue
        body = document.body
        if "organisation" in body:
            organisations.setdefault(body["person"], set()).add(body["organisation"])
        if "node" in body:
            said.setdefault((body["node"], body["person"]), set()).add(body["side"])
    owners: dict[str, list[str]] = {}
    for (node, person), sides in said.items():
        if len(sides) == 2:
            owners.setdefault(node, []).append(person)
    persons = {node: people[0] for node, people in owners.items() if len(people) == 1}
    return Bindings(persons, {person: frozenset(names) for person, names in organisations.items()})
