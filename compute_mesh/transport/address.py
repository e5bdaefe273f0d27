"""Where a node can be reached: its transport key, and addresses to try. One line of text, for tickets and settings."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from compute_mesh.transport.failures import Malformed

#: An announcement with more addresses than this is no help to anybody.
MOST_DIRECT: Final = 16
MOST_CHARACTERS: Final = 1500
_PEER: Final = re.compile(r"[0-9a-f]{64}")
_RELAY: Final = re.compile(r"https://[A-Za-z0-9.:\[\]-]{1,200}/?")
_MEMORY: Final = re.compile(r"memory:[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Address:
    """A peer (the 64 hexadecimal digits of its transport key), ``host:port`` pairs, and a relay if it uses one."""

    peer: str
    direct: tuple[str, ...] = ()
    relay: str | None = None

    def to_text(self) -> str:
        """``PEER@HOST:PORT,HOST:PORT`` and, with a relay, ``;https://…``."""
        text = f"{self.peer}@{','.join(self.direct)}"
        return f"{text};{self.relay}" if self.relay else text

    @classmethod
    def from_text(cls, text: str) -> "Address":
        """Read what `to_text` wrote.

        Raises:
            Malformed: it is not of this form.
        """
        if len(text) > MOST_CHARACTERS:
            raise Malformed(f"an address longer than {MOST_CHARACTERS} characters")
        peer, at, rest = text.partition("@")
        places, semicolon, relay = rest.partition(";")
        if not at or (semicolon and not relay):
            raise Malformed("an address must be KEY@HOST:PORT,HOST:PORT")
        direct = tuple(places.split(",")) if places else ()
        return check_address(cls(peer, direct, relay or None))


def check_address(address: Address) -> Address:
    """``address``, if its parts are what they should be.

    Raises:
        Malformed: naming the part that is not.
    """
    if not _PEER.fullmatch(address.peer):
        raise Malformed("a peer must be the 64 hexadecimal digits of its transport key")
    if len(address.direct) > MOST_DIRECT:
        raise Malformed(f"more than {MOST_DIRECT} addresses for one peer")
    for place in address.direct:
        if not _MEMORY.fullmatch(place):
            check_host_and_port(place)
    if address.relay is not None and not _RELAY.fullmatch(address.relay):
        raise Malformed("a relay must be an https address without a path")
    return address


def check_host_and_port(place: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    """The two parts of ``127.0.0.1:4100`` or ``[::1]:4100``; names are not looked up.

    Raises:
        Malformed: it is not of this form.
    """
    host, _, port = place.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        raise Malformed("an address must begin with an IP address: names are not looked up") from None
    if (found.version == 6) != (bare is not host) or "%" in bare:
        raise Malformed("an IPv6 address is written in brackets and without a zone, an IPv4 address without")
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= 65535):
        raise Malformed("an address must end with a port number")
    return found, int(port)
