"""What a fetch is given and what it ends with: its patience, how far it is, the blob, or why there is none."""

from dataclasses import dataclass

from compute_mesh.blobs.providers import Tally
from substrate.store.errors import HomeError
from substrate.store.pieced import Stat


class NoProvider(HomeError):
    """No peer gave the blob, or the rest of it; what came stays, and the next fetch goes on there."""


class UnsoundRoot(HomeError):
    """The root names pieces that are not cut by the rule: it was made wrongly, and no peer is to blame."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, and for how long in vain."""

    slice: float = 10.0  #: for each slice of an answer
    tries: int = 4  #: without any piece in between, then a peer counts as gone


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is."""

    pieces: int
    of: int
    bytes: int  #: of the piece that came last
    providers: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A blob that is whole; ``resumed`` is how many pieces were here before."""

    stat: Stat
    resumed: int
    received: int  #: bytes of pieces that came, those that came twice or were wrong included
    seconds: float
    providers: tuple[Tally, ...]
