"""Numbers and codes that identify people: found once, judged by shape, checksum and the words around them.

One pass finds every candidate. Then, in this order: dates, prices and counts stay; a word that says what
the number counts ("order", "page", "ISBN") leaves it in; a word that says whose it is ("patient", "pasaporte",
"Aktenzeichen", in any supported language) takes it; a valid national number is taken; and so is a code too
long to be a count. Each candidate is judged on a bounded window: linear time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from stdnum import isbn

from consent.redaction import stdnums
from consent.redaction.types import Span
from consent.redaction.words import alternatives, everywhere, everywhere_set

_TOKEN: Final = re.compile(r"[^\W_]+(?:[\-/.][^\W_]+)*")
_GAP: Final = frozenset({" ", "\u00a0", "\u202f"})
_LONGEST: Final = 40
_WINDOW: Final = 64
_MAX_FILLERS: Final = 6
_NOT_SUFFIX: Final = frozenset(
    {"I", "A", "E", "O", "Y", "U", "OK", "AM", "PM", "UHR", "KG", "KM", "EUR", "USD", "GBP", "AD", "BC"}
)
_NOT_PREFIX: Final = frozenset(
    {"I", "A", "E", "O", "Y", "U", "IN", "AT", "ON", "NO", "TO", "OF", "IT", "EUR", "USD", "GBP", "ISBN", "OK"}
)
_IMPERSONAL_PREFIX: Final = re.compile(
    r"(?i)(?:ord(?:er)?|inv|sku|isbn|issn|doi|rfc|iso|din|en|art|item|lot|covid|usb|mp)[\-/. ]?\d"
)

_DATE: Final = re.compile(
    r"\d{1,2}[./\- ]\d{1,2}[./\- ](?:\d{4}|\d{2})\.?|(?:1[5-9]|20)\d\d[./\- ]\d{1,2}[./\- ]\d{1,2}|(?:19|20)"
    r"\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])"
)
_YEARS: Final = re.compile(r"(?:1\d|20)\d\d ?[\-/. ] ?(?:(?:1\d|20)\d\d|\d\d)")
_YEAR: Final = re.compile(r"(?:1[0-9]|20)\d\d")
_COUNT: Final = re.compile(r"\d{1,3}(?:([.,  ])\d{3})(?:\1\d{3})*(?:[.,]\d{1,2})?|\d+[.,]\d{1,3}|\d+")
#: In Italian and French, directly before a number: "socio n. 451".
_NUMBER_WORD: Final = re.compile(r"(?i)(?<!\w)(?:n\.|n°|nº|numero|numéro) ?\Z")
_ROUND: Final = re.compile(r"\d{1,3}0{5,}")
_MONEY_BEFORE: Final = re.compile(r"(?:[$€£¥₹]|(?:EUR|USD|GBP|CHF|R\$))\s?\Z")
_MONEY_AFTER: Final = re.compile(
    r"\s?(?:[$€£¥₹%°]|(?:EUR|USD|GBP|CHF|euros?|dollars?|pounds|pesos|reais|francs?|Franken|Mark|lire|pesetas|escudos"
    r"|km|kg|cm|mm|m²|ml|kWh|people|Menschen|personas|personnes|persone|pessoas|habitan\w+|Einwohner|years|Jahre)\b)"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Adjacent tokens with digits, and the single capitals beside them: code points of one piece of text."""

    start: int
    end: int
    core_start: int
    core_end: int


def find(text: str, kinds: frozenset[str]) -> Iterator[Span]:
    """Numbers of the given kinds in ``text``: some of ``national``, ``record``, ``plate``."""
    for candidate in candidates(text):
        span = _judge(text, candidate)
        if span is not None and _kind_of(span) in kinds:
            yield span


def _kind_of(span: Span) -> str:
    return span.recognizer.split(":", 1)[0]


def candidates(text: str) -> Iterator[Candidate]:
    """Runs of tokens with digits, one space apart, at most forty code points long."""
    tokens = [m.span() for m in _TOKEN.finditer(text)]
    digity = [any(c.isdigit() for c in text[a : min(b, a + _LONGEST)]) for a, b in tokens]
    i, size = 0, len(tokens)
    while i < size:
        if not digity[i]:
            i += 1
            continue
        first = last = i
        while (step := _next(text, tokens, digity, last)) and _fits(tokens, first, last + step):
            last += step
        start, end = tokens[first][0], tokens[last][1]
        if end - start <= _LONGEST:
            yield Candidate(_prefix(text, tokens, first, digity), _suffix(text, tokens, last, digity), start, end)
        i = last + 1


def _next(text: str, tokens: list[tuple[int, int]], digity: list[bool], i: int) -> int:
    """How many tokens on the run continues: the next, or the one behind a few capitals ("4 C 123/21"); else 0."""
    if i + 1 < len(tokens) and _beside(text, tokens, i):
        if digity[i + 1]:
            return 1
        a, b = tokens[i + 1]
        capitals = (
            b - a <= 3
            and text[a:b].isalpha()
            and text[a:b].isupper()
            and text[a:b] not in _NOT_SUFFIX - {"A", "E", "O"}
        )
        if capitals and i + 2 < len(tokens) and digity[i + 2] and _beside(text, tokens, i + 1):
            return 2
    return 0


def _fits(tokens: list[tuple[int, int]], first: int, last: int) -> bool:
    return tokens[last][1] - tokens[first][0] <= _LONGEST


def _beside(text: str, tokens: list[tuple[int, int]], i: int) -> bool:
    """Whether exactly one space stands between token i and the next."""
    return tokens[i + 1][0] - tokens[i][1] == 1 and text[tokens[i][1]] in _GAP


def _prefix(text: str, tokens: list[tuple[int, int]], first: int, digity: list[bool]) -> int:
    if first and not digity[first - 1] and _beside(text, tokens, first - 1):
        a, b = tokens[first - 1]
        word = text[a:b]
        if b - a <= 4 and word.isalpha() and word.isupper() and word not in _NOT_PREFIX:
            return a
    return tokens[first][0]


def _suffix(text: str, tokens: list[tuple[int, int]], last: int, digity: list[bool]) -> int:
    if last + 1 < len(tokens) and not digity[last + 1] and _beside(text, tokens, last):
        a, b = tokens[last + 1]
        word = text[a:b]
        if b - a <= 3 and word.isalpha() and word.isupper() and word not in _NOT_SUFFIX:
            return b
    return tokens[last][1]


def _judge(text: str, c: Candidate) -> Span | None:
    core = text[c.core_start : c.core_end]
    digits = sum(char.isdigit() for char in core)
    if digits < 3 or _counted(text, c, core):
        return None
    cue = cue_before(text, c.start) or cue_before(text, c.core_start) or cue_after(text, c.core_end)
    if cue == "impersonal" or _IMPERSONAL_PREFIX.match(text, c.start) or _book(core):
        return None
    whole = text[c.start : c.end]
    if cue == "plate" and 4 <= len(stdnums.compact(whole)) <= 10:
        return Span(c.start, c.end, "LICENSE_PLATE", 0.75, "plate:cue")
    plain_date = _DATE.fullmatch(core) or _YEARS.fullmatch(core)
    numbered = _NUMBER_WORD.search(text[max(0, c.start - 10) : c.start]) is not None
    if numbered and cue is None:
        cue = _cue_of_sentence(text, c.start)
    named = cue in ("record", "national") and (digits >= 4 or len(whole) >= 6 or numbered)
    if named and not _DATE.fullmatch(core) and (numbered or not _YEAR.fullmatch(core)):
        label = "NATIONAL_ID" if cue == "national" else "ID"
        return Span(c.start, c.end, label, 0.75, f"{cue}:cue")
    if plain_date or cue == "phone":
        return None
    for start, end in ((c.start, c.end), (c.start, c.core_end), (c.core_start, c.end), (c.core_start, c.core_end)):
        if digits >= 7 and stdnums.known(text[start:end]):
            return Span(start, end, "NATIONAL_ID", 0.55, "national:checksum")
    return _long(text, c, core, digits)


def _counted(text: str, c: Candidate, core: str) -> bool:
    """Whether money or a unit says that this is an amount."""
    if not _COUNT.fullmatch(core):
        return False
    return bool(
        _MONEY_BEFORE.search(text[max(0, c.core_start - 5) : c.core_start]) or _MONEY_AFTER.match(text, c.core_end)
    )


def _book(core: str) -> bool:
    return core.replace("-", "").replace(" ", "").startswith(("978", "979")) and isbn.is_valid(core)


def _long(text: str, c: Candidate, core: str, digits: int) -> Span | None:
    """A code too long to be a count: nobody says whose it is, but nobody counts to it either."""
    if _ROUND.fullmatch(core) or digits > 30:
        return None
    parts = re.split(r"[ \-/.\u00a0\u202f]", core)
    letters = any(char.isalpha() for char in core)
    if len(parts) == 1:
        enough = digits >= 8 if not letters else digits >= 4 and len(core) >= 7 and core.upper() == core
    elif letters:
        enough = digits >= 4 and core.upper() == core and " " not in core and "." not in core
    else:
        enough = (digits >= 9 and not _COUNT.fullmatch(core)) or (digits >= 7 and "-" in core and "." not in core)
    if not enough:
        return None
    return Span(c.core_start, c.core_end, "ID", 0.45, "record:long")


@cache
def _cue_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    names = {
        "impersonal": "impersonal",
        "records": "record",
        "nationals": "national",
        "plate": "plate",
        "phone": "phone",
    }
    return tuple(
        (kind, re.compile(rf"(?<!\w)(?:{alternatives(everywhere(name))})(?!\w)", re.IGNORECASE))
        for name, kind in names.items()
    )


def cue_before(text: str, start: int) -> str | None:
    """The kind of the nearest cue before ``start``, if nothing but filling words stands between."""
    low = max(0, start - _WINDOW)
    window = text[low:start]
    best: tuple[int, int, str] | None = None
    for kind, pattern in _cue_patterns():
        for match in pattern.finditer(window):
            if (match.start() == 0 and low) or not _filling(window[match.end() :]):
                continue
            if kind == "phone" and match.group().lower() in everywhere_set("fillers"):
                continue
            found = (match.end(), match.end() - match.start(), kind)
            # At one place the longer phrase says more; of equal ones the first kind counts.
            if best is None or found[:2] > best[:2]:
                best = found
    return best[2] if best else None


_STOP: Final = re.compile(r"[!?\n]|(?<=[^\W\d_]{3})\. ")


def _cue_of_sentence(text: str, start: int) -> str | None:
    """The kind of the last cue of the sentence: "la pratica che seguo, aperta al n. 451"."""
    window = text[max(0, start - _FAR) : start]
    stops = [match.end() for match in _STOP.finditer(window)]
    sentence = window[stops[-1] :] if stops else window
    found = [
        (match.end(), kind)
        for kind, pattern in _cue_patterns()
        for match in pattern.finditer(sentence)
        if kind in ("record", "national", "impersonal") and match.group().lower() not in everywhere_set("fillers")
    ]
    return max(found)[1] if found else None


_FAR: Final = 100
_AFTER: Final = re.compile(
    r"[,;:)]?\s(?:is|was|es|era|ist|war|est|était|è|é|that's|das ist|c'est)\s(?P<rest>[^.!?\n]{1,50})", re.IGNORECASE
)


def cue_after(text: str, end: int) -> str | None:
    """The kind of a cue that follows: "48213 is my student number"."""
    match = _AFTER.match(text, end)
    if match is None:
        return None
    rest = match.group("rest")
    for kind, pattern in _cue_patterns():
        for cue in pattern.finditer(rest):
            if _filling(rest[: cue.start()]):
                return kind
    return None


_COPULA: Final = (["is"], ["was"], ["es"], ["ist"], ["est"], ["è"], ["é"], ["war"], ["era"], ["nummer"], ["number"])
_FILLER: Final = re.compile(r"[^\W\d_]+(?:['’.]|[^\W\d_])*")


def _filling(gap: str) -> bool:
    """Whether a gap between cue and number says nothing else."""
    if any(char.isdigit() for char in gap) or "\n\n" in gap:
        return False
    fillers = everywhere_set("fillers")
    found = [word.lower().rstrip(".") for word in _FILLER.findall(gap)]
    strange = [word for word in found if word not in fillers and word + "." not in fillers]
    # "The reference on the letter is 2018/9091": before "is" one other word may stand.
    return len(found) <= _MAX_FILLERS and len(strange) <= (found[-1:] in _COPULA)
