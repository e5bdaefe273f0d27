"""What a simulated run consists of. The same plan and seed give the same run."""

from dataclasses import dataclass
from typing import Final

from compute_mesh.transport.memory.weather import Weather

ROUGH: Final = Weather(delay=0.05, jitter=0.1, loss=0.05, duplicates=0.05, packet=64 * 1024, patience=60.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many nodes, who lies and how, what is written and fetched, and what the network does meanwhile.

    Times are virtual seconds. ``liars`` is a share of the nodes; a third of them sign two histories of their log, a
    third change pieces of blobs that they serve, a third change bytes of what they say in ledger sync.
    """

    nodes: int = 200
    liars: float = 0.1
    writers: int = 10  #: honest nodes that write; so do those that fork. All keep and pass on what is written
    documents: int = 1  #: that each of them writes, in each of three bursts
    blobs: int = 2
    blob_bytes: int = 3 * 256 * 1024 + 1000
    holders: int = 12  #: of each blob at the start; every liar about pieces is one of them
    fetchers: int = 40  #: honest nodes that fetch one of the blobs
    providers: int = 4  #: that each of them asks
    every: float = 30.0  #: between two meetings that a node begins
    parted: tuple[float, float] = (40.0, 120.0)  #: from when to when the nodes are in two halves
    bursts: tuple[float, ...] = (0.0, 70.0, 150.0)
    lies: float = 0.3  #: of the pieces, or of the packets of a session, that a liar changes
    most: float = 3600.0  #: by then everybody honest must hold the same
    weather: Weather = ROUGH


SMALL = Plan(nodes=24, liars=0.125, writers=6, holders=5, fetchers=8)
