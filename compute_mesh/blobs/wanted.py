"""The pieces of one blob that are still wanted: which to ask a peer for next, and how many may be on their way."""

import heapq
from typing import Final

from compute_mesh.blobs.messages import has_bit
from substrate.store.partial import Partial

#: Peers that are asked at once; the others wait until one of them is done with.
MOST_PROVIDERS: Final = 12
#: Pieces on their way, of all peers together, are never more than this.
MOST_OUTSTANDING: Final = 12


def width(running: int) -> tuple[int, int]:
    """Streams for each peer, and requests on each, such that never too much is on its way."""
    peers = min(max(running, 1), MOST_PROVIDERS)
    return (2, 2) if 4 * peers <= MOST_OUTSTANDING else (1, 2) if 2 * peers <= MOST_OUTSTANDING else (1, 1)


class Wanted:
    """In order; at the end, the pieces that others are slow with are given out a second time."""

    def __init__(self, partial: Partial) -> None:
        """`fill` is called when the number of pieces is known."""
        self._partial = partial
        self._todo: list[int] = []
        self._asked: dict[int, list[str]] = {}

    def fill(self) -> None:
        """Want every piece that is not here."""
        self._todo = [number for number in range(self._partial.pieces) if number not in self._partial.have]

    def take(self, numbers: list[int]) -> None:
        """These came otherwise: nobody is asked for them."""
        self._todo = [number for number in self._todo if number not in numbers]
        heapq.heapify(self._todo)

    def any_in(self, bits: bytes | bytearray) -> bool:
        """Whether a peer with these pieces has one that is wanted, or that somebody else was asked for."""
        return any(has_bit(bits, number) for number in (*self._todo, *self._asked))

    def next(self, peer: str, bits: bytes | bytearray, *, peers: int) -> int | None:
        """The piece to ask this peer for, one of ``peers``; None when there is none for it now."""
        passed: list[int] = []
        found = None
        while self._todo and found is None:
            number = heapq.heappop(self._todo)
            if has_bit(bits, number):
                found = number
            else:
                passed.append(number)
        for number in passed:
            heapq.heappush(self._todo, number)
        if found is None and not self._todo and len(self._asked) <= 2 * max(peers, 1):
            slow = (n for n, asked in self._asked.items() if len(asked) == 1 and peer not in asked)
            found = next((number for number in slow if has_bit(bits, number)), None)
        if found is not None:
            self._asked.setdefault(found, []).append(peer)
        return found

    def release(self, number: int, peer: str) -> None:
        """A piece is not expected from this peer any more."""
        asked = self._asked.get(number, [])
        if peer in asked:
            asked.remove(peer)
        if not asked and self._asked.pop(number, None) is not None and number not in self._partial.have:
            heapq.heappush(self._todo, number)
