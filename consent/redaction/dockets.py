"""Numbers of court, police and office files as countries write them: "R.G. 4512/2021", "n. 118/22", "451 Js 12/21".

The abbreviation of the register stands before the number or behind it, and is taken with it. A running number
with its year counts alone after "n." or "n°", unless a law, a directive or an article is meant.
"""

import re
from collections.abc import Iterator
from typing import Final

from consent.redaction.numerals import cue_before
from consent.redaction.types import Span

#: Ruolo generale, its criminal and voluntary registers, guardianships; répertoire or rôle général.
_REGISTER: Final = (
    r"(?:(?:n\.? ?)?r\.? ?g\.?(?: ?n\.? ?r\.?| (?:trib|gip|app|lav|esec)\.?)?|n\.? ?r\.? ?g\.?|v\.g\.|a\.d\.s\.)"
)
_NUMBER_WORD: Final = r"(?:n\.|n°|nº|n |num\.|numero|numéro)"
_FILED: Final = r"(?:[a-z] ?)?\d{1,7}(?: ?[/\-] ?\d{2,7}){1,2}"

_BEFORE: Final = re.compile(
    rf"(?<![\w.])(?:{_NUMBER_WORD} ?)?{_REGISTER}(?: ?{_NUMBER_WORD})?[ :]{{0,2}}(?:{_FILED}|\d{{5,11}})(?![\w/])",
    re.IGNORECASE,
)
_BEHIND: Final = re.compile(rf"(?<![\w/.\-])\d{{1,6}} ?/ ?\d{{2,4}},? ?\(?(?:{_REGISTER}|ads)(?!\w)", re.IGNORECASE)
_NUMBERED: Final = re.compile(
    r"(?<!\w)(?:(?:n\.|n°|nº|nr\.) ?(?P<v>\d{2,6}/(?:19\d\d|20\d\d|\d\d)|\d\d/\d{3,6})|"
    r"(?:numero|numéro) (?P<w>\d{3,6}/(?:19\d\d|20\d\d|\d\d)|\d\d/\d{3,6}))(?![\w/])",
    re.IGNORECASE,
)
#: Germany: chamber, register, number, year. Portugal: number, year, court.
_COURT: Final = re.compile(
    r"(?<![\w/])(?:\d{1,4} (?:U?[A-Z]s|KLs|StVK|BvR|XVII|[ACFKLOSTUWE]|AR|Ca|Sa) \d{1,6}/\d\d(?:\.[A-Z]{1,3})?|"
    r"\d{1,6}/\d\d\.\d[A-Z]{1,2}[A-Z0-9]{2,5})(?!\w)"
)
#: After a word for what it numbers: "pratica 4512 / 2021", "dossier 22 - 118 B".
_PARTED: Final = re.compile(r"(?<![\w/.,])\d{1,7} [/\-–] \d{2,7}(?:[ /\-][A-Z]{1,2})?(?![\w/])")
#: What is numbered in public: laws and journals, within the line before the number.
_PUBLIC: Final = re.compile(
    r"(?<!\w)(?:legg[ei]|l\.|l\.r\.|d\. ?l\.|d\. ?m\.|d\. ?lgs\.?|d\. ?p\. ?r\.?|dpr|dpcm|decret[oi]|regolament[oi]|"
    r"direttiv[ae]|deliber\w*|circolare|art\.|articol[oi]|gazzetta|g\.u\.|rivista|giornale|bollettino|loi|ordonnance|"
    r"décret|directive|règlement|arrêté|circulaire|article|convention|journal|revue|bulletin)(?!\w)[^\n.;]{0,40}\Z",
    re.IGNORECASE,
)
_WINDOW: Final = 60


def find(text: str) -> Iterator[Span]:
    """Every file number of ``text`` that its register or its year gives away."""
    for pattern in (_BEFORE, _BEHIND, _COURT):
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), "ID", 0.75, "record:register")
    for match in _PARTED.finditer(text):
        if cue_before(text, match.start()) in ("record", "national"):
            yield Span(match.start(), match.end(), "ID", 0.7, "record:parted")
    for match in _NUMBERED.finditer(text):
        public = _PUBLIC.search(text[max(0, match.start() - _WINDOW) : match.start()])
        if not public and cue_before(text, match.start()) != "impersonal":
            yield Span(*match.span("v" if match.group("v") else "w"), "ID", 0.6, "record:numbered")
