"""What the queue of a node and its operator's rules need to know of the commons, read from the home's ledger."""

from governance.chambers.enactment import Enactment
from governance.disputes.stops import Stop, stops_at
from governance.queue.shares import Shares, shares_at
from lecs_pipeline.governing import governed
from lecs_pipeline.in_force import state_of_ledger
from substrate.store.home import Home


class Commons:
    """What a node asks about its commons; folded again when the ledger changed, and every hour."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._known: tuple[object, Shares] | None = None

    def shares(self, home: Home, now: str) -> Shares:
        """Whose a node is, what can be spent, the floor.

        Raises:
            UnknownCommons: the charter is not here.
        """
        state = state_of_ledger(home, None)
        if self._known is None or self._known[0] != (state, now[:13]):
            self._known = ((state, now[:13]), shares_at(governed(home), now))
        return self._known[1]

    def stops(self, home: Home, now: str) -> tuple[Stop, ...]:
        """Emergency stops that are in force."""
        if next(home.ledger.documents(kinds=["EmergencyStop"]), None) is None:
            return ()
        fold: Enactment = governed(home)
        return stops_at(fold.ledger, fold.roles, now)
