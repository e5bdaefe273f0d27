"""Numbers by which a state knows a person, where the shape says so without a checksum."""

import re
from typing import Final

from consent.redaction.shapes import Shape

NATIONALS: Final[tuple[Shape, ...]] = (
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
        re.compile(
            r"(?<!\w)[A-Z]{3}[ \-]?[A-Z]{3}[ \-]?\d{2}[A-EHLMPR-T]\d{2}[ \-]?[A-Z]\d{3} ?[A-Z](?!\w)", re.IGNORECASE
        ),
        0.9,
    ),
    Shape(
        "fr-nir",
        "NATIONAL_ID",
        re.compile(r"(?<!\w)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d[\dAB] ?\d{3} ?\d{3}(?: ?\d{2})?(?!\w)"),
        0.85,
    ),
    # VAT numbers of sole traders: their own number behind the country.
    Shape(
        "fr-it-vat",
        "NATIONAL_ID",
        re.compile(r"(?<!\w)(?:FR ?[0-9A-Z]{2} ?\d{3} ?\d{3} ?\d{3}|IT ?\d{11})(?!\w)"),
        0.8,
    ),
    Shape("fr-tax-notice", "ID", re.compile(r"(?<!\w)\d\d ?\d\d ?A\d{6} ?\d\d(?!\w)"), 0.8),
    Shape("it-permit", "NATIONAL_ID", re.compile(r"(?<!\w)I ?\d{7} ?\d(?!\w)"), 0.6),
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
    Shape(
        "uk-driving",
        "ID",
        re.compile(r"(?<!\w)[A-Z]{2,5}9{0,3} ?\d{6} ?[A-Z]{2}\d ?[A-Z]{2}(?!\w)"),
        0.7,
    ),
)
