"""Telephone numbers: candidates are found once, then judged; regions are tried last and on candidates only.

Trying 40 regions on a whole text costs as much as the named-entity model. A number counts when it looks
like one (international prefix, trunk zero, North American grouping), when words before it say so, or when
one of a few regions knows it.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Final

import phonenumbers

from consent.redaction.types import Span

REGIONS: Final = ("GB", "US", "IE", "ES", "FR", "DE", "IT", "PT", "IN", "AU", "NZ")

_CANDIDATE: Final = re.compile(r"(?<![\w.,/\-+])(?:\+|\(\+?)?\d(?:[ ().\-/ ]{0,2}\d){5,16}(?!\w|[.,/\-]\d)")
_DATE: Final = re.compile(r"\d{1,2}[./\- ]\d{1,2}[./\- ](?:19|20)\d\d|(?:19|20)\d\d[./\- ]\d{1,2}[./\- ]\d{1,2}")
_YEARS: Final = re.compile(r"(?:1\d|20)\d\d ?[-/] ?(?:1\d|20)\d\d")
_NORTH_AMERICA: Final = re.compile(r"(?:1[ .\-]?)?\(?\d{3}\)?[ .\-]\d{3}[ .\-]\d{4}|\d{3}[.\-]\d{4}")
_CUE: Final = re.compile(
    r"(?i)\b(?:tel|telephone|phone|mobile|mob|cell|call(?:ing)?|ring|rang|text|whatsapp|signal|fax|landline"
    r"|extension|dial|reach|number|teléfono|móvil|telefonoa|téléphone|telefon|telefono|telemóvel|waea)\b[^\n]{0,30}$"
)
_SPOKEN_DIGIT: Final = r"(?:(?:double|triple|treble)[ \-])?(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_SPOKEN: Final = re.compile(rf"(?i)\b{_SPOKEN_DIGIT}(?:[ ,.…\-]{{1,3}}{_SPOKEN_DIGIT}){{5,15}}\b")
_NUMERALS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def find(text: str) -> Iterator[Span]:
    """Every telephone number of ``text``, written in digits or spoken in English words."""
    for match in _CANDIDATE.finditer(text):
        score = _score(match.group(), text[max(0, match.start() - 50) : match.start()])
        if score > 0:
            yield Span(match.start(), match.end(), "PHONE_NUMBER", score, "phone")
    for match in _SPOKEN.finditer(text):
        if not _counting(match.group()):
            yield Span(match.start(), match.end(), "PHONE_NUMBER", 0.7, "phone-spoken")


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
    if _CUE.search(before):
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


def _counting(words: str) -> bool:
    """Whether the words only count up or down, as children and dancers do."""
    values = [_NUMERALS.index(w) for w in re.findall(r"[a-z]+", words.lower()) if w in _NUMERALS]
    steps = {b - a for a, b in itertools.pairwise(values)}
    return steps <= {1} or steps <= {-1}
