"""Number plates by shape, as European states print them. Others are found by the words before them."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from consent.redaction.shapes import Shape
from consent.redaction.types import Span
from consent.redaction.words import alternatives

_PLATE_LETTERS: Final = "BCDFGHJKLMNPRSTVWXYZ"
_ITALIAN_PROVINCES: Final = (
    "Roma|A[GLNOPQRTV]|B[AGILNORSZ]|C[AEHLNORSTZ]|E[EN]|F[EGIORC]|G[EOR]|I[MS]|L[CEIOTU]|M[CEINOST]|N[AOU]|OR|"
    "P[ACDEGINORSTUVZ]|R[ACEGINO]|S[AIOPRSV]|T[AENOPRSV]|U[D]|V[ABCEIRTV]"
)

PLATES: Final[tuple[Shape, ...]] = (
    Shape(
        "plate-de-spaced",
        "LICENSE_PLATE",
        re.compile(r"(?<!\w)[A-ZÄÖÜ]{1,3} [A-Z]{1,2} \d{2,4}[EH]?(?!\w|[.,]\d)"),
        0.55,
    ),
    Shape("plate-glued", "LICENSE_PLATE", re.compile(r"(?<!\w)(?:[A-Z]{3}\d{3}|\d{3}[A-Z]{3})(?!\w)"), 0.5),
    Shape("plate-uk", "LICENSE_PLATE", re.compile(r"(?<!\w)[A-Z]{2}\d{2} ?[A-Z]{3}(?!\w)"), 0.7),
    Shape(
        "plate-es",
        "LICENSE_PLATE",
        re.compile(rf"(?<!\w)(?:[CEHRT][ \-]?)?\d{{4}}[ \-]?[{_PLATE_LETTERS}]{{3}}(?!\w)"),
        0.7,
    ),
    Shape("plate-fr-it", "LICENSE_PLATE", re.compile(r"(?<!\w)[A-Z]{2}[ \-]?\d{3}[ \-]?[A-Z]{2}(?!\w)"), 0.7),
    # As they were before 2009 in France and before 1994 in Italy.
    Shape(
        "plate-fr-old",
        "LICENSE_PLATE",
        re.compile(
            r"(?<!\w)(?!\d+.(?:AM|PM|KG|KM|CM|MM|ML|USD|EUR|GBP|CHF)\b)\d{3,4}([ \-])[A-HJ-NP-TV-Z]{2,3}\1"
            r"(?:0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-6])(?![\w,])"
        ),
        0.6,
    ),
    Shape(
        "plate-it-old",
        "LICENSE_PLATE",
        re.compile(rf"(?<!\w)(?:{_ITALIAN_PROVINCES}) (?:\d[A-Z]\d{{4}}|[A-Z]\d{{5}}|\d{{6}}|\d{{5}}[A-Z])(?!\w)"),
        0.6,
    ),
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
            r"(?<!\w)(?=[\w\-]{0,8}\d)(?=[\w\-]{0,8}[A-Z])(?:[A-Z]{1,3}|\d{1,3})(?:-(?:[A-Z]{1,3}|\d{1,3}))"
            r"{2}(?![\w\-])"
        ),
        0.6,
    ),
)


@cache
def _cued() -> re.Pattern[str]:
    return re.compile(
        rf"(?i)(?<!\w)(?:{alternatives(_CUES)})(?!\w)\W{{1,3}}(?:[^\W\d_]{{1,12}}\W{{1,2}}){{0,3}}?"
        r"(?P<v>(?=[a-z0-9 \-]{0,9}\d)(?=[a-z0-9 \-]{0,9}[a-z])"
        r"(?:[a-z]{1,4}[ \-]?\d{1,4}(?:[ \-]?[a-z]{1,3})?|\d{1,4}[ \-]?[a-z]{1,3}(?:[ \-]?\d{1,4})?|[a-z]{1,3}[ "
        r"\-][a-z]{1,2}[ \-]?\d{1,4}))(?![\w])"
    )


_CUES: Final = (
    "number plate",
    "numberplate",
    "licence plate",
    "license plate",
    "plate",
    "plates",
    "registration",
    "reg",
    "rego",
    "tag",
    "matrícula",
    "placa",
    "placas",
    "patente",
    "kennzeichen",
    "nummernschild",
    "autokennzeichen",
    "immatriculation",
    "immatriculée",
    "immatriculé",
    "plaque",
    "targa",
    "targata",
    "targato",
    "chapa",
)


def find_cued(text: str) -> Iterator[Span]:
    """Plates in any case and grouping after a word for them."""
    lowered = text.lower()
    if not any(cue in lowered for cue in _CUES):
        return
    for match in _cued().finditer(text):
        yield Span(match.start("v"), match.end("v"), "LICENSE_PLATE", 0.7, "plate-cue")
