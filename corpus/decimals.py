"""Decimal arithmetic that others must be able to repeat: 28 digits, rounded half even.

`ln` and `exp` of the General Decimal Arithmetic Specification, which `decimal` implements, are correctly
rounded, so that two machines agree on every digit.
"""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

ARITHMETIC: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)

_PLAIN: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")


def plain_decimal(digits: str) -> Decimal | None:
    """A number written plainly ("0.7", "3"), at most 9 digits before and 12 after the point; else None."""
    return Decimal(digits) if _PLAIN.fullmatch(digits) else None


def written(value: Decimal) -> str:
    """The one plain spelling of a value that `plain_decimal` reads: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded(value: Decimal, places: int) -> str:
    """``value`` to ``places`` decimal places, half even: for people, never for further arithmetic."""
    digits = Context(prec=max(28, value.adjusted() + places + 2), rounding=ROUND_HALF_EVEN)
    return written(value.quantize(Decimal(1).scaleb(-places), context=digits))
