"""What identifies people by its shape alone, whatever language surrounds it.

Each shape is a pattern with, where one exists, a check of the value (a checksum, a length). Patterns begin
behind a boundary and repeat a bounded number of times, so that a hostile text costs time in proportion.
A value whose shape is distinctive is taken even if its checksum fails: people mistype, and a number that is
wrong by one digit still leads to them.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from stdnum import iban, luhn

from consent.redaction.types import Span

#: Given the value, its score; 0 refuses it.
Check = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Shape:
    """One pattern. The group ``v``, or else the whole match, is the value."""

    name: str
    label: str
    pattern: re.Pattern[str]
    score: float = 0.85
    check: Check | None = None


def find(text: str, shapes: Iterable[Shape]) -> Iterator[Span]:
    """Every value of every shape in ``text``."""
    for shape in shapes:
        group: str | int = "v" if "v" in shape.pattern.groupindex else 0
        for match in shape.pattern.finditer(text):
            start, end = match.span(group)
            score = shape.check(text[start:end]) if shape.check else shape.score
            if score > 0 and start < end:
                yield Span(start, end, shape.label, score, shape.name)


def _card(value: str) -> float:
    digits = re.sub(r"\D", "", value)
    if luhn.is_valid(digits):
        return 0.95
    return 0.5 if re.fullmatch(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}", value) else 0.0


def _ip(value: str) -> float:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return 0.0
    return 0.9 if address.version == 4 or sum(char.isalnum() for char in value) >= 4 else 0.0


_IBAN_LENGTHS: Final = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "NL"), 18),
    **dict.fromkeys(("SI", "MK"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "LT", "LU", "XK"), 20),
    **dict.fromkeys(("CH", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "DE", "GB", "GE", "IE", "ME", "RS"), 22),
    **dict.fromkeys(("AE", "GI", "IL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "RO", "SA", "SE", "SK", "TN"), 24),
    **dict.fromkeys(("PT",), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "CY", "DO", "HU", "LB", "PL"), 28),
    **dict.fromkeys(("BR", "UA"), 29),
    "MT": 31,
}


def _iban_pattern() -> re.Pattern[str]:
    """Per country exactly its number of characters, so that no following word is swallowed."""
    countries = (rf"{code}\d\d(?:[ \-]?[0-9A-Z]){{{size - 4}}}" for code, size in _IBAN_LENGTHS.items())
    return re.compile(rf"(?<!\w)(?i:{'|'.join(countries)})(?!\w)")


def _iban(value: str) -> float:
    compact = re.sub(r"[ \-]", "", value).upper()
    if iban.is_valid(compact):
        return 1.0
    return 0.6 if sum(char.isdigit() for char in compact) >= 10 else 0.0


_TLD: Final = (
    "com|org|net|info|edu|gov|int|io|eu|uk|es|fr|de|pt|nl|pl|ie|nz|au|ca|ch|be|dk|se|fi|gr|ro|cz|hu|in|za|ng|ke"
    "|mx|ar|cl|br|jp|app|dev|blog|social|chat|club|xyz|coop|cat|eus|gal|example|test|invalid|online|site|page"
)
_AT: Final = r"(?:\s?[\[({<]\s?(?:at|arroba|AT)\s?[\])}>]\s?|\s(?:at|arroba|AT)\s|\s?@\s?)"
_DOT: Final = r"(?:\s?[\[({<]\s?(?:dot|punto|DOT)\s?[\])}>]\s?|\s(?:dot|punto|point|DOT)\s|\s\.\s?)"
_LOCAL_DOT: Final = r"(?:" + _DOT + r"|\s(?:underscore|dash|hyphen)\s)"
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_PLATE_LETTERS: Final = "BCDFGHJKLMNPRSTVWXYZ"

UNIVERSAL: Final[tuple[Shape, ...]] = (
    Shape(
        "email",
        "EMAIL_ADDRESS",
        re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,5}"),
        1.0,
    ),
    Shape(
        "email-spelled",
        "EMAIL_ADDRESS",
        re.compile(
            rf"(?<![\w.+\-])[\w.+\-]{{1,64}}(?:{_LOCAL_DOT}\w{{1,40}}){{0,3}}{_AT}"
            rf"[\w\-]{{1,63}}(?:(?:{_DOT}|\.)[\w\-]{{2,63}}){{1,4}}(?<=[A-Za-z])"
        ),
        0.8,
    ),
    Shape("url", "URL", re.compile(r"(?i:https?://|(?<![\w.])www\.)[^\s<>\"]{1,400}[\w/]"), 0.9),
    Shape(
        "domain",
        "URL",
        re.compile(
            rf"(?<![\w.@\-])(?:[a-z0-9][a-z0-9\-]{{0,62}}\.){{1,4}}(?:{_TLD})(?![\w@\-])"
            r"(?:/[^\s<>\"]{0,300}[\w/])?"
        ),
        0.6,
    ),
    Shape(
        "domain-path",
        "URL",
        re.compile(r"(?<![\w.@\-])(?:[a-z0-9][a-z0-9\-]{0,62}\.){1,4}[a-z]{2,10}/[^\s<>\"]{1,300}[\w/]"),
        0.6,
    ),
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
    Shape("iban", "IBAN_CODE", _iban_pattern(), check=_iban),
    Shape("card", "CREDIT_CARD", re.compile(r"(?<![\w\-])[2-6]\d{3}(?:[ \-]?\d){9,15}(?![\w\-])"), check=_card),
    Shape("ethereum", "CRYPTO", re.compile(r"(?<!\w)0x[0-9a-fA-F]{40}(?!\w)"), 0.95),
    Shape("bitcoin", "CRYPTO", re.compile(r"(?<!\w)bc1[02-9ac-hj-np-z]{20,87}(?!\w)"), 0.95),
    Shape("handle", "USERNAME", re.compile(r"(?<![\w@/.+\-])@(?=[\w.\-]{0,38}[^\W\d])\w[\w.\-]{0,38}\w"), 0.8),
    Shape(
        "underscored",
        "USERNAME",
        re.compile(r"(?<![\w@/.<\-])(?=\w{5,40}\b)[a-z0-9]+(?:_[a-z0-9]+)+(?![\w@])"),
        0.5,
    ),
    # Numbers by which a state knows a person, where the shape is distinctive.
    Shape("us-ssn", "NATIONAL_ID", re.compile(r"(?<![\w\-])\d{3}-\d{2}-\d{4}(?![\w\-])"), 0.85),
    Shape(
        "uk-nino",
        "NATIONAL_ID",
        re.compile(r"(?<!\w)[A-Z]{2}(?: ?\d{2}){3} ?[A-D](?!\w)"),
        0.85,
    ),
    Shape(
        "es-nif",
        "NATIONAL_ID",
        re.compile(r"(?<!\w)(?:\d{2}\.?\d{3}\.?\d{3}|[XYZ]-?\d{7})[ \-]?[A-Z](?!\w)"),
        0.85,
    ),
    Shape(
        "it-cf",
        "NATIONAL_ID",
        re.compile(r"(?<!\w)[A-Z]{3} ?[A-Z]{3} ?\d{2}[A-EHLMPR-T]\d{2} ?[A-Z]\d{3}[A-Z](?!\w)", re.IGNORECASE),
        0.9,
    ),
    Shape(
        "fr-nir",
        "NATIONAL_ID",
        re.compile(r"(?<!\w)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d[\dAB] ?\d{3} ?\d{3}(?: ?\d{2})?(?!\w)"),
        0.85,
    ),
    Shape("br-cpf", "NATIONAL_ID", re.compile(r"(?<!\w)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)"), 0.85),
    Shape("ch-ahv", "NATIONAL_ID", re.compile(r"(?<!\w)756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}(?!\w)"), 0.85),
    Shape(
        "nordic",
        "NATIONAL_ID",
        re.compile(r"(?<!\w)(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[\-A+]\d{3}[\dA-Y](?!\w)"),
        0.7,
    ),
    Shape("in-pan", "NATIONAL_ID", re.compile(r"(?<!\w)[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z](?!\w)"), 0.7),
    Shape("ie-pps", "NATIONAL_ID", re.compile(r"(?<!\w)\d{7}[A-W][A-IW]?(?!\w)"), 0.7),
    # Numbers that others give: a few letters and at least four digits in groups, as on cards and files.
    Shape(
        "uk-driving",
        "ID",
        re.compile(r"(?<!\w)[A-Z]{2,5}9{0,3} ?\d{6} ?[A-Z]{2}\d ?[A-Z]{2}(?!\w)"),
        0.7,
    ),
    Shape(
        "code",
        "ID",
        re.compile(r"(?<![\w\-/])(?=(?:[A-Z\-/]{0,6}\d){4})[A-Z]{1,4}(?:[\-/]\d{1,8}){1,4}(?![\w\-/])"),
        0.5,
    ),
    # Plates.
    Shape("plate-uk", "LICENSE_PLATE", re.compile(r"(?<!\w)[A-Z]{2}\d{2} ?[A-Z]{3}(?!\w)"), 0.7),
    Shape("plate-es", "LICENSE_PLATE", re.compile(rf"(?<!\w)\d{{4}}[ \-]?[{_PLATE_LETTERS}]{{3}}(?!\w)"), 0.7),
    Shape("plate-fr-it", "LICENSE_PLATE", re.compile(r"(?<!\w)[A-Z]{2}[ \-]?\d{3}[ \-]?[A-Z]{2}(?!\w)"), 0.7),
    Shape(
        "plate-de",
        "LICENSE_PLATE",
        re.compile(r"(?<!\w)[A-ZÄÖÜ]{1,3}[\-:][A-Z]{1,2} ?\d{1,4}[EH]?(?!\w)"),
        0.6,
    ),
    Shape("plate-ie", "LICENSE_PLATE", re.compile(r"(?<!\w)\d{2,3}-[A-Z]{1,2}-\d{1,6}(?!\w)"), 0.7),
    Shape(
        "plate-nl-pt",
        "LICENSE_PLATE",
        re.compile(
            r"(?<!\w)(?=[\w\-]{0,8}\d)(?=[\w\-]{0,8}[A-Z])(?:[A-Z]{1,3}|\d{1,3})(?:-(?:[A-Z]{1,3}|\d{1,3})){2}(?![\w\-])"
        ),
        0.6,
    ),
    # Codes of places.
    Shape(
        "uk-postcode",
        "LOCATION",
        re.compile(r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}(?!\w)"),
        0.7,
    ),
    Shape("us-zip", "LOCATION", re.compile(r"(?<!\w)[A-Z]{2} \d{5}(?:-\d{4})?(?!\w)"), 0.7),
    Shape(
        "street-eu",
        "LOCATION",
        re.compile(
            r"(?<!\w)(?:(?:Calle|C/|Avenida|Avda\.?|Plaza|Carrer|Rua|Praça|Rue|Place|Via|Viale|Piazza|Paseo|ul\.)"
            r"(?: ?[\w'’.\-]{1,30}){1,5}?,? (?:n[.ºo°]{0,2} ?)?\d{1,4}[a-zA-Z]?"
            r"|[A-ZÄÖÜ][\w\-]{2,40}(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|kalea|etorbidea) ?\d{1,4}[a-z]?"
            r"|[A-Z]\w{1,30} (?:kalea|etorbidea),? \d{1,4})(?!\w)"
        ),
        0.75,
    ),
)
