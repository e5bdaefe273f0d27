"""What goes wrong between two nodes, as one exception with a reason. No message quotes bytes of a peer."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a transport did not do what it was asked."""

    DEADLINE = "deadline"  #: it did not happen in time
    CLOSED = "closed"  #: the connection, or the transport itself, has ended
    ENDED = "ended"  #: the peer finished its side of the stream before all bytes came
    STOPPED = "stopped"  #: the peer does not want this stream any more, or it was dropped here
    UNREACHABLE = "unreachable"  #: nobody answers at these addresses, or somebody else does
    REFUSED = "refused"  #: the peer does not speak this protocol, or takes no more connections
    MALFORMED = "malformed"  #: the peer's bytes break a rule of the protocol: its fault
    INPUT = "input"  #: an address or key given here is none


class TransportFailed(Exception):
    """Something between two nodes did not work; `reason` says what kind of thing."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        """``sentence`` is for people; it never quotes what a peer sent."""
        super().__init__(sentence)
        self.reason = reason


class Malformed(TransportFailed):
    """Bytes of a peer break a rule of the protocol; the message names the rule."""

    def __init__(self, sentence: str) -> None:
        """``sentence`` names the rule."""
        super().__init__(Reason.MALFORMED, sentence)
