"""The members of a commons at one cut."""

from dataclasses import dataclass

from governance.closings import Closings
from governance.disputes.convicted import convicted_of
from governance.ledger import Ledger
from governance.members.bindings import Bindings, bindings_of
from governance.members.flow import Capacity, reached, seeds_of
from governance.members.vouches import Edges, vouchers_of, vouches_of
from governance.parameters import Timeline
from substrate.record.authority import Roles


@dataclass(frozen=True)
class Members:
    """Who counts as a person.

    Attributes:
        persons: members: named by the charter or reached by trust, and not convicted.
        edges: for each voucher whom it vouches for, as far as that counts.
        liable: for each voucher how many of those whom it ever vouched for were found to be no persons.
    """

    persons: frozenset[str]
    bindings: Bindings
    edges: Edges
    liable: dict[str, int]
    convicted: frozenset[str]

    def near(self, one: str, other: str) -> bool:
        """Whether one vouches for the other."""
        none: frozenset[str] = frozenset()
        return other in self.edges.get(one, none) or one in self.edges.get(other, none)


def members_of(ledger: Ledger, roles: Roles, closings: Closings, timeline: Timeline, time: str) -> Members:
    """Fold vouches, bindings and convictions with the parameters of ``time``.

    Named persons are members whatever happens; the seeds among them change every 91 days of closed epochs.
    """
    convicted = convicted_of(ledger, roles)
    named = (roles.stewards | roles.chain.state.holders("member")) - convicted
    edges = vouches_of(ledger, timeline, convicted, time)
    rotation = ((closings.last or 0) * closings.days) // 91
    commons_seed = roles.charter.body["cohortSeed"]
    seeds = seeds_of(named, timeline.whole("seeds", time), commons_seed, rotation)
    capacity = Capacity(timeline.whole("seed-capacity", time), timeline.whole("fan-out", time))
    carried = reached(edges, seeds, capacity, commons_seed, rotation)
    liable: dict[str, int] = {}
    for member, vouchers in vouchers_of(ledger).items():
        for voucher in vouchers if member in convicted else ():
            liable[voucher] = liable.get(voucher, 0) + 1
    return Members((carried | named) - convicted, bindings_of(ledger, roles), edges, liable, convicted)
