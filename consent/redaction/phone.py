"""Telephone numbers: candidates are found once, then judged; regions are tried last and on candidates only.

Trying 40 regions on a whole text costs as much as the named-entity model. A number counts when it looks
like one (international prefix, trunk zero, North American grouping), when words before it say so, or when
one of a few regions knows it.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import phonenumbers

from consent.redaction.types import Span
from consent.redaction.words import alternatives, everywhere

REGIONS: Final = ("GB", "US", "IE", "ES", "FR", "DE", "AT", "CH", "IT", "PT", "BR", "MX", "AR", "IN", "AU", "NZ", "ZA")

_CANDIDATE: Final = re.compile(r"(?<![\w.,/\-+])(?:\+|\(\+?)?\d(?:[ ().\-/ ]{0,2}\d){5,16}(?!\w|[.,/\-]\d)")
_DATE: Final = re.compile(r"\d{1,2}[./\- ]\d{1,2}[./\- ](?:19|20)\d\d|(?:19|20)\d\d[./\- ]\d{1,2}[./\- ]\d{1,2}")
_YEARS: Final = re.compile(r"(?:1\d|20)\d\d ?[-/] ?(?:1\d|20)\d\d|(?:19|20)\d\d[-/]\d\d")
_NORTH_AMERICA: Final = re.compile(r"(?:1[ .\-]?)?\(?\d{3}\)?[ .\-]\d{3}[ .\-]\d{4}|\d{3}[.\-]\d{4}")


@cache
def _cue() -> re.Pattern[str]:
    return re.compile(rf"(?i)(?<!\w)(?:{alternatives(everywhere('phone'))})(?!\w)[^\n]{{0,30}}\Z")


def find(text: str) -> Iterator[Span]:
    """Every telephone number of ``text`` that is written in digits."""
    for match in _CANDIDATE.finditer(text):
        score = _score(match.group(), text[max(0, match.start() - 50) : match.start()])
        if score > 0:
            yield Span(match.start(), match.end(), "PHONE_NUMBER", score, "phone")


def _score(number: str, before: str) -> float:
    digits = re.sub(r"\D", "", number)
    if len(digits) > 15 or _DATE.fullmatch(number) or _YEARS.fullmatch(number):
        return 0.0
    if number.startswith(("+", "(+")) and len(digits) >= 8:
        return 0.9
    if re.match(r"\(?0\d", number) and 9 <= len(digits) <= 14:
        return 0.8
    if _NORTH_AMERICA.fullmatch(number):
        return 0.75
    if _cue().search(before):
        return 0.7
    # Nine digits in a row are as often an order number; in groups they are a region's way of writing.
    return 0.6 if len(digits) >= 9 and number != digits and _known(number) else 0.0


def _known(number: str) -> bool:
    """Whether one of a few regions has this number."""
    for region in REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
