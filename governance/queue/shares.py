"""What the queue of a provider needs to know of a commons: whose a node is, what they can spend, the floor of all."""

from collections.abc import Mapping
from dataclasses import dataclass

from governance.chambers.enactment import Enactment
from governance.credits.accounts import Account
from governance.queue.fair import weight_of
from governance.queue.floor import Floor, floor_at


@dataclass(frozen=True, slots=True)
class Shares:
    """``persons``: the person of each bound node. ``available``: units of credit that count for a person here."""

    persons: Mapping[str, str]
    available: Mapping[str, int]
    floor: Floor

    def person(self, node: str) -> str:
        """Whose jobs a node brings: its person's, else its own."""
        return self.persons.get(node, node)

    def weight(self, person: str) -> int:
        """The weight of a person in the queue, as `FairQueue` takes it."""
        return weight_of(self.available.get(person, 0))


def shares_at(fold: Enactment, time: str, provider: str = "") -> Shares:
    """The shares of everybody at ``time`` at one provider: what is available at the end of the last closed epoch.

    What somebody put down at this provider for the epoch after it counts as many times as a balance has parts: who puts
    down a whole part has a whole balance more here, and a part less everywhere.
    """
    state, parts = fold.state(time), fold.timeline.whole("providers", time)
    running = -1 if state.credits.epoch is None else state.credits.epoch + 1
    available = {
        name: one.available + parts * _put_down(one, provider, running)
        for name, one in state.credits.accounts.items()
        if not one.frozen
    }
    return Shares(state.members.bindings.persons, available, floor_at(fold.timeline, time))


def _put_down(account: Account, provider: str, epoch: int) -> int:
    return sum(one.units for one in account.spends if (one.provider, one.epoch) == (provider, epoch))
