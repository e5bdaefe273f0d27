"""Peers that are asked for a blob, and what each of them did."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from compute_mesh.blobs.rates import Rate
from compute_mesh.transport.interface import Connection


class Standing(StrEnum):
    """How a fetch stands with a peer."""

    ACTIVE = "active"
    DONE = "done"  #: it has nothing more that is missing
    UNWILLING = "unwilling"  #: it does not give the blob to us, or does not have it
    GONE = "gone"  #: it does not answer
    BANNED = "banned"  #: it sent something wrong


@dataclass(frozen=True, slots=True)
class Provider:
    """A peer that may have the blob; ``connect`` opens a connection to it (with a deadline of its own)."""

    peer: str
    connect: Callable[[], Awaitable[Connection]]


@dataclass
class Tally:
    """What one peer did in one fetch."""

    peer: str
    pieces: int = 0
    bad: int = 0
    standing: Standing = Standing.ACTIVE
    why: str = ""
    over: bool = False  #: it gives nothing more that is missing
    lied: set[int] = field(default_factory=set)  #: pieces of which it sent other bytes
    rate: Rate = field(default_factory=Rate)


@dataclass(frozen=True, slots=True)
class Misdeed:
    """What a peer sent that is wrong: our own observation. It proves nothing to others: the bytes were not signed."""

    peer: str
    root: str
    rule: str  #: `wrong-piece`, `wrong-index`, `wrong-blob` or `malformed`
    piece: int | None = None
