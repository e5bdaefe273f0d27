"""What the queue of a node and its operator's rules need to know of the commons, read from the home's ledger."""

from bisect import bisect_right
from dataclasses import dataclass

from governance.disputes.stops import Stop, stops_at
from governance.queue.shares import Shares, shares_at
from lecs_pipeline.governing import governed
from lecs_pipeline.in_force import moments, state_of_ledger
from substrate.store.home import Home


@dataclass(frozen=True)
class _Known:
    """What was folded from one state of the ledger, for the times between two moments at which something changes."""

    state: object
    moments: list[str]
    passed: int
    shares: Shares
    stops: tuple[Stop, ...]


class Commons:
    """What a node asks about its commons; folded again when the ledger or what is in force changed."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._known: _Known | None = None

    def shares(self, home: Home, now: str) -> Shares:
        """Whose a node is, what can be spent, the floor.

        Raises:
            UnknownCommons: the charter is not here.
        """
        return self._read(home, now).shares

    def stops(self, home: Home, now: str) -> tuple[Stop, ...]:
        """Emergency stops that are in force; raises as `shares`."""
        return self._read(home, now).stops

    def _read(self, home: Home, now: str) -> _Known:
        state, known = state_of_ledger(home, None), self._known
        if known is not None and known.state == state and known.passed == bisect_right(known.moments, now):
            return known
        fold = governed(home)
        ends = [one.body[end] for one in fold.ledger.of("EmergencyStop") for end in ("begins", "ends")]
        changing = sorted({*moments(fold), *ends})
        stops = stops_at(fold.ledger, fold.roles, now)
        self._known = _Known(state, changing, bisect_right(changing, now), shares_at(fold, now, home.node.did), stops)
        return self._known
