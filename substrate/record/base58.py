"""Base58btc in one strict form: every byte string has exactly one spelling, and nothing else is read.

The same as the `base58` package (a property test holds them together), in large steps instead of digit by digit,
and without its leniency: that package drops white space, which would give one signature several spellings.
"""

from functools import lru_cache
from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_STEP: Final = 10
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
#: The value of every byte as a digit; 255 where it is none.
_VALUES: Final = bytes(max(0, _ALPHABET.find(chr(byte))) if chr(byte) in _ALPHABET else 255 for byte in range(256))
_BASE: Final = 58 * 58
_BIG: Final = 58**_STEP


def b58encode(data: bytes) -> str:
    """The one spelling of ``data``."""
    number, pieces = int.from_bytes(data, "big"), []
    while number:
        number, rest = divmod(number, _BIG)
        for _ in range(_STEP // 2):
            rest, pair = divmod(rest, _BASE)
            pieces.append(_PAIRS[pair])
    zeros = len(data) - len(data.lstrip(b"\x00"))
    return "1" * zeros + "".join(reversed(pieces)).lstrip("1")


def b58decode(text: str) -> bytes:
    """The bytes that are spelled so.

    Raises:
        ValueError: a character that is not in the alphabet.
    """
    digits = text.lstrip("1")
    zeros = len(text) - len(digits)
    values = digits.encode("utf-8").translate(_VALUES)
    if b"\xff" in values:
        raise ValueError("not base58btc")
    number = int.from_bytes(values, "big")
    # Neighbours are joined, all pairs at once: digits of 58 in bytes, then of 58^2 in two bytes, and so on.
    for shift, mask, base in _joins((len(values) - 1).bit_length()):
        number = (number & mask) + base * ((number >> shift) & mask)
    return b"\x00" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


@lru_cache(maxsize=32)
def _joins(levels: int) -> tuple[tuple[int, int, int], ...]:
    """Per step, for 2^levels digits: how far apart neighbours are, the mask of every second one, and the base."""
    return tuple(
        (
            8 << level,
            int.from_bytes((b"\x00" * (1 << level) + b"\xff" * (1 << level)) * (1 << levels - level - 1), "big"),
            58 ** (1 << level),
        )
        for level in range(levels)
    )
