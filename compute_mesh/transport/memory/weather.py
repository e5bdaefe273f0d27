"""What the network does to packets, and the nodes that write other bytes than they were given."""

from collections.abc import Callable
from dataclasses import dataclass

#: What a node writes in place of bytes: (protocol, peer, bytes) -> bytes of the same length.
Lie = Callable[[bytes, str, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Weather:
    """Conditions between all nodes. Times are seconds, shares are between 0 and 1.

    A packet that is lost is sent again after ``again``, then after twice that, and so on, until ``patience`` has
    passed since the first try: then the connection has ended. Packets overtake each other when ``jitter`` is larger
    than the time between them; the receiver puts them in order and throws copies away, as QUIC does.
    """

    delay: float = 0.02
    jitter: float = 0.0
    loss: float = 0.0
    duplicates: float = 0.0
    bytes_per_second: float = 0.0  #: of one sender, over all its connections; 0: no limit
    again: float = 0.2
    patience: float = 30.0
    packet: int = 16 * 1024
    window: int = 1 << 20  #: bytes that one stream may have on their way or unread


CALM = Weather()
