"""Addresses of machines."""

import ipaddress
import re
from typing import Final

from consent.redaction.shapes import Shape


def _ip(value: str) -> float:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return 0.0
    return 0.9 if address.version == 4 or sum(char.isalnum() for char in value) >= 4 else 0.0


_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"

NETWORK: Final[tuple[Shape, ...]] = (
    Shape("ipv4", "IP_ADDRESS", re.compile(rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?!\w|\.\d)"), 0.9),
    Shape(
        "ipv6",
        "IP_ADDRESS",
        re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])"),
        0.9,
        _ip,
    ),
    Shape(
        "mac",
        "MAC_ADDRESS",
        re.compile(r"(?<![\w:\-])[0-9A-Fa-f]{2}(?:[:\-][0-9A-Fa-f]{2}){5}(?![\w:\-])"),
        0.9,
    ),
)
