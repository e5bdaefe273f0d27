"""What the queue of a provider needs to know of a commons: whose a node is, what they can spend, the floor of all."""

from collections.abc import Mapping
from dataclasses import dataclass

from governance.chambers.enactment import Enactment
from governance.queue.fair import weight_of
from governance.queue.floor import Floor, floor_at


@dataclass(frozen=True, slots=True)
class Shares:
    """``persons``: the person of each bound node. ``available``: units of credit that a person can spend."""

    persons: Mapping[str, str]
    available: Mapping[str, int]
    floor: Floor

    def person(self, node: str) -> str:
        """Whose jobs a node brings: its person's, else its own."""
        return self.persons.get(node, node)

    def weight(self, person: str) -> int:
        """The weight of a person in the queue, as `FairQueue` takes it."""
        return weight_of(self.available.get(person, 0))


def shares_at(fold: Enactment, time: str) -> Shares:
    """The shares of everybody at ``time``: credit is that of the last closed epoch."""
    state = fold.state(time)
    available = {name: one.available for name, one in state.credits.accounts.items() if one.available}
    return Shares(state.members.bindings.persons, available, floor_at(fold.timeline, time))
