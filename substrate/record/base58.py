"""Base58btc in one strict form: every byte string has exactly one spelling, and nothing else is read.

The same as the `base58` package (a property test holds them together), in steps of ten digits instead of one,
and without its leniency: that package drops white space, which would give one signature several spellings.
"""

from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_STEP: Final = 10
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_VALUES: Final = {pair: value for value, pair in enumerate(_PAIRS)}
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
    digits = "1" * (-len(digits) % _STEP) + digits
    number, value = 0, _VALUES
    try:
        for start in range(0, len(digits), _STEP):
            step = 0
            for place in range(start, start + _STEP, 2):
                step = step * _BASE + value[digits[place : place + 2]]
            number = number * _BIG + step
    except KeyError:
        raise ValueError("not base58btc") from None
    return b"\x00" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
