"""What every part of a node is given: the home, its keys and settings, the clock, and what is counted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from compute_mesh.node.held import HeldLaw
from compute_mesh.node.identity import Identity, read_identity
from compute_mesh.node.resources import MeasureSpeed
from compute_mesh.node.settings import NodeSettings, read_settings
from compute_mesh.node.tally import Tally
from compute_mesh.node.texts import TextLaw
from governance.disputes.stops import Stop
from governance.queue.shares import Shares
from substrate.record.times import write_time
from substrate.store.home import Home


def clock() -> str:
    """The current time in the profile's form."""
    return write_time(datetime.now(UTC))


def tidy(home: Home) -> None:
    """Finish erasures whose documents came in, and acknowledge them."""
    from consent.upkeep import tidy_up  # It reads with the redactor's room: half a second that a start can do without.

    tidy_up(home, clock())


async def no_model(_: Path) -> None:
    """Where nobody passed in a way to measure tokens a second."""
    return


class CommonsLaw(Protocol):
    """What the rules of the commons say about jobs; what cannot be read raises what the home raises."""

    def shares(self, home: Home, now: str) -> Shares:
        """Whose a node is, what its person can spend, and the floor of everybody."""
        ...

    def stops(self, home: Home, now: str) -> tuple[Stop, ...]:
        """Emergency stops in force."""
        ...


@dataclass
class Context:
    """One running node. ``settle`` is called on the home, in a thread, after documents came in.

    ``gateway``: where the OpenAI-compatible API answers, ``HOST:PORT`` of loopback; empty: nowhere.
    """

    path: Path
    settings: NodeSettings
    identity: Identity
    settle: Callable[[Home], None] = tidy
    measure_speed: MeasureSpeed = no_model
    now: Callable[[], str] = clock
    texts: TextLaw | None = None
    held: HeldLaw | None = None
    commons: CommonsLaw | None = None
    gateway: str = ""
    tally: Tally = field(default_factory=Tally)

    @property
    def node(self) -> str:
        """This node's did:key."""
        return self.identity.node.did


def context_of(
    path: Path, *, settle: Callable[[Home], None] = tidy, measure_speed: MeasureSpeed = no_model,
    texts: TextLaw | None = None, held: HeldLaw | None = None,
) -> Context:  # fmt: skip
    """The context of the home at ``path``.

    Raises:
        NoHome, UnsafeKey, InvalidSettings.
    """
    return Context(path, read_settings(path), read_identity(path), settle, measure_speed, texts=texts, held=held)
