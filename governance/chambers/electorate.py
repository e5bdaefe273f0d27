"""Who could vote, and how much each weighed, at the cut at which a vote's commitments were closed."""

from dataclasses import dataclass, replace

from governance.chambers.scopes import CONTRIBUTOR, TECHNICAL
from governance.chambers.tally import one_each
from governance.chambers.weights import weights_of
from governance.closings import Closings, closings_of
from governance.credits.fold import Credits, credits_of
from governance.credits.tables import tables_of
from governance.ledger import Ledger
from governance.members.admitted import Members, members_of
from governance.parameters import Timeline
from substrate.record.authority import Roles, fold_roles
from substrate.record.cut import Cut


@dataclass(frozen=True)
class State:
    """Everything that is so in one ledger at one time."""

    roles: Roles
    closings: Closings
    members: Members
    credits: Credits

    def chamber(self, name: str, timeline: Timeline, time: str) -> dict[str, int]:
        """The weights of a chamber's electorate in units."""
        if name == CONTRIBUTOR:
            return one_each(self.members.persons)
        if name == TECHNICAL:
            return weights_of(self.credits.weighing, self.members, timeline, time)
        raise ValueError("there are two chambers")


def members_and_roles(
    ledger: Ledger, timeline: Timeline, enacted: dict[str, str], time: str
) -> tuple[Members, Roles, Closings]:
    """The part of a state that no credit decides; ``enacted``: acts of the chambers and since when."""
    acts = tuple(digest for digest, since in sorted(enacted.items(), key=lambda item: (item[1], item[0])))
    roles = fold_roles(ledger.documents, ledger.commons, ledger.charter, None, ledger.inside, enacted=acts)
    closings = closings_of(ledger, roles)
    members = members_of(ledger, roles, closings, timeline, time)
    return members, replace(roles, vouched=members.persons), closings


def state_of(ledger: Ledger, timeline: Timeline, enacted: dict[str, str], time: str) -> State:
    """Fold members and credits with the parameters of ``time``; ``enacted``: acts of the chambers and since when."""
    members, roles, closings = members_and_roles(ledger, timeline, enacted, time)
    tables = tables_of(roles, closings, enacted)
    return State(roles, closings, members, credits_of(ledger, roles, closings, members, tables, timeline, time))


def state_at(ledger: Ledger, cut: Cut, timeline: Timeline, enacted: dict[str, str], time: str) -> State:
    """The state of what ``cut`` holds."""
    return state_of(ledger.within(cut), timeline, enacted, time)
