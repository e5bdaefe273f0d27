"""Numbers that a stranger repeats to the last digit.

Credits and weights are integers of 10^-12: sums are exact in any order. Divisions are rounded half even, once. `ln` and
`exp` are those of the General Decimal Arithmetic Specification with 28 digits, half even, which are correctly rounded.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

#: Units of one credit, and of a weight of one.
UNIT: Final = 10**12
#: Units of an amount as documents state it: at most nine digits behind the point.
NANO: Final = 10**9
#: Scale of factors of decay.
FACTOR: Final = 10**28
#: log10(2) to 28 digits: ten times the compute is twice the weight.
LOG10_2: Final = Decimal("0.3010299956639811952137388947")

_ARITHMETIC: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
_WIDE: Final = Context(prec=64, rounding=ROUND_HALF_EVEN)


def divided(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` (neither negative), rounded half even to an integer."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return quotient + (twice > denominator or (twice == denominator and quotient & 1))


def read_nano(text: str) -> int:
    """An amount as a document states it, in units of 10^-9."""
    whole, _, part = text.partition(".")
    return int(whole) * NANO + int(part.ljust(9, "0") or "0")


def written(units: int) -> str:
    """Units of 10^-12 as a plain decimal: no exponent, no trailing zeros."""
    sign, size = ("-", -units) if units < 0 else ("", units)
    whole, part = divmod(size, UNIT)
    digits = f"{part:012d}".rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def power(units: int, exponent: Decimal) -> int:
    """``(units / 10^12) ^ exponent`` in units of 10^-12; nought for nought.

    exp(exponent * ln x), where logarithm, product and exponential are each rounded to 28 digits, half even.
    """
    if units <= 0:
        return 0
    logarithm = _ARITHMETIC.ln(_WIDE.divide(Decimal(units), Decimal(UNIT)))
    return _scaled(_ARITHMETIC.exp(_ARITHMETIC.multiply(exponent, logarithm)), UNIT)


def halving(days: int, half_life: int) -> int:
    """2 ^ (-days / half_life) in units of 10^-28; ``half_life`` in units of 10^-9 days."""
    share = _ARITHMETIC.divide(Decimal(days * NANO), Decimal(half_life))
    return _scaled(_ARITHMETIC.exp(_ARITHMETIC.multiply(-share, _ARITHMETIC.ln(Decimal(2)))), FACTOR)


def _scaled(value: Decimal, scale: int) -> int:
    return int(_WIDE.to_integral_value(_WIDE.multiply(value, Decimal(scale))))
