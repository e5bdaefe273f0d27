"""Postal addresses in the forms of six languages: the street with its number first, then what follows it.

"14 Mill Lane", "12 bis, rue de la Paix", "Calle Mayor, 14, 3.º B", "Hauptstraße 5a", "Am Alten Markt 3": one
pattern each for the core. Then units, postal codes and towns are added while they follow.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from consent.redaction.people import without_capitals
from consent.redaction.shapes import Shape
from consent.redaction.shapes import find as find_shapes
from consent.redaction.types import Span
from consent.redaction.words import alternatives, everywhere, everywhere_set, words

_UP: Final = r"[A-ZÀ-ÖØ-ÞŁŚŻČŠŽ]"
#: A capitalised word, or one of the abbreviations that keep their point.
_CAP: Final = (
    rf"(?:(?:St|Sta|Sto|Ste|Dr|Dra|Prof|Gral|Mons|Pça|Alm|Cel|Gen|[A-Z])\.|(?:[dDlL]['’])?{_UP}[\w'’\-]{{0,30}})"
)
_WORD: Final = r"[\w'’\-]{1,30}"
_HOUSE: Final = r"\d{1,5}(?: ?[a-zA-Z](?!\w)|/[a-zA-Z](?!\w))?(?: ?[\-–/] ?\d{1,4}(?!\d)[a-zA-Z]?)?"
_SMALL: Final = (
    r"(?:of|aux|à la|au|the|de|del|de la|de las|de los|du|des|da|do|dos|das|di|dei|della|delle|degli|"
    r"la|le|les|el|los|las|und|y|et|e|et|am|an der|der|den|zur|zum)"
)

CODES: Final[tuple[Shape, ...]] = (
    Shape("uk-postcode", "LOCATION", re.compile(r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}(?!\w)"), 0.7),
    Shape(
        "us-zip",
        "LOCATION",
        re.compile(rf"(?<!\w)(?:{_CAP},? )?(?!(?:NO|ID|AM|PM|OR|IN) )[A-Z]{{2}} \d{{5}}(?:-\d{{4}})?(?!\w)"),
        0.7,
    ),
    Shape(
        "town-postcode",
        "LOCATION",
        re.compile(
            rf"(?<!\w)(?:{_CAP}(?: {_CAP}){{0,3}}, ){{1,4}}(?:{_CAP} ){{0,2}}[A-Z]{{1,2}}\d[A-Z\d]? "
            rf"?\d[ABD-HJLNP-UW-Z]{{2}}(?!\w)"
        ),
        0.75,
    ),
    Shape("ca-code", "LOCATION", re.compile(r"(?<!\w)[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d(?!\w)"), 0.7),
    Shape("pt-code", "LOCATION", re.compile(rf"(?<![\w\-])\d{{4}}-\d{{3}}(?: {_CAP}){{1,3}}"), 0.7),
    Shape("br-code", "LOCATION", re.compile(r"(?<![\w\-])(?:CEP:? ?)?\d{2}\.?\d{3}-\d{3}(?![\w\-])"), 0.7),
    Shape(
        "town-with-code",
        "LOCATION",
        re.compile(
            rf"(?:(?<=, )|(?<=\n)|(?<=\()|(?<![\w\-])(?:D|A|CH|F|E|I|B|L)-)\d{{4,5}} (?!(?:Euro|Menschen|Mark|"
            rf"Franken|Meter|Kilometer|Jahre|Einwohner)\b){_CAP}"
        ),
        0.6,
    ),
    Shape(
        "po-box",
        "LOCATION",
        re.compile(
            r"(?i)(?<!\w)(?:P\.?\s?O\.? ?Box|Postfach|Apartado(?: de correos)?|Boîte postale|Casella postale|"
            r"C\.P\.|Caixa Postal|B\.P\.|BP) \d{1,6}"
        ),
        0.8,
    ),
)


@cache
def _cores(loose: bool) -> tuple[tuple[str, float, re.Pattern[str]], ...]:
    last = alternatives(words("en")["street_last"])
    plain = alternatives(words("en")["street_plain"])
    first = alternatives(everywhere("street_first"))
    plain_first = alternatives(everywhere("street_plain_first"))
    glued = alternatives(words("de")["street_glued"])
    plain_glued = alternatives(words("de")["street_plain_glued"])
    prefix = alternatives(words("de")["street_prefix"])
    unit = rf"(?:(?i:{alternatives(everywhere('unit'))})\.? ?#?[\dA-Za-z]{{1,5}},? )?"
    number = rf"(?:,? ?(?i:{alternatives(everywhere('number_word'))})\.? ?|,? )"
    named = (
        rf"(?:(?:[XVI]{{1,5}}|\d{{1,2}}[º°]?) (?:de )?[^\W\d_]{{3,12}}|(?:(?:{_SMALL}) ){{0,2}}{_CAP})(?: "
        rf"(?:(?:{_SMALL}) ){{0,2}}{_CAP}){{0,4}}"
    )
    found: tuple[tuple[str, float, str], ...] = (
        (
            "number-street",
            0.85,
            rf"(?<![\w.,]){unit}{_HOUSE},? (?:{_CAP} ){{1,4}}(?i:{last})\b\.?(?: (?:North|South|East|West|"
            rf"[NSEW]{{1,2}})\b)?",
        ),
        (
            "number-street-lower",
            0.6,
            rf"(?<![\w.,]){unit}\d{{1,4}}[a-z]?,? (?:[^\W\d_]{{2,20}} ){{1,2}}(?i:{plain})(?!\w)",
        ),
        (
            "number-rue",
            0.85,
            rf"(?<![\w.]){unit}\d{{1,4}}(?: ?(?:bis|ter|quater|[a-dA-D]))?,? (?i:{first})\.? {named}(?!\w)",
        ),
        (
            "number-rue-lower",
            0.6,
            rf"(?<![\w.])\d{{1,4}}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|impasse|allée|chemin|quai)(?: "
            rf"{_WORD}){{1,4}}?(?=[,.;\n]|$)",
        ),
        ("calle-number", 0.85, rf"(?<!\w){unit}(?i:{first})\.? {named}{number}{_HOUSE}(?!\w|[.,]\d|[:%€])"),
        (
            "calle-number-lower",
            0.6,
            rf"(?<!\w)(?i:{first})(?: {_WORD}){{1,5}}?(?i:,? (?:{alternatives(everywhere('number_word'))})\.? ?|,"
            rf"? )\d{{1,4}}(?!\w|[.,:]\d|[%€]| ?(?:euro|€|h\b|Uhr|km|min|anni|años|ans|anos))",
        ),
        ("calle", 0.6, rf"(?<!\w)(?i:{plain_first}) {named}(?!\w)"),
        (
            "strasse-number",
            0.85,
            rf"(?<!\w)(?:{_CAP} ){{0,2}}?[^\W\d_][\w\-]{{1,40}}?(?i:{glued})\.? {_HOUSE}(?!\w|[.,]\d| ?(?:Euro|€|"
            rf"Uhr|Prozent|%|Jahre|km|Meter))",
        ),
        ("strasse", 0.6, rf"(?<!\w){_UP}[\w\-]{{3,40}}(?:{plain_glued})(?!\w)"),
        ("apart-strasse-number", 0.8, rf"(?<!\w){_CAP}(?: {_CAP})?[ \-](?i:{glued})\.? {_HOUSE}(?!\w)"),
        (
            "am-number",
            0.75,
            rf"(?<!\w)(?i:{prefix}) (?:{_CAP} ){{1,3}}{_HOUSE}(?!\w|[.,:]\d|\.| ?(?:Euro|€|Uhr|Prozent|%|Jahre|"
            rf"Kinder|Personen|bis|und))",
        ),
        (
            "street",
            0.7,
            rf"(?<!\w)(?:{_CAP} ){{1,2}}(?:Street|St|Road|Rd|Lane|Avenue|Ave|Drive|Close|Crescent|Terrace|"
            rf"Boulevard|Mews|Quay|Yard|Cottages?|Wharf)\b",
        ),
        ("unit", 0.6, r"(?<!\w)(?i:flat|apartment|apt\.?|unit) ?#?\d{1,4}[A-Za-z]?(?!\w)"),
        ("basque", 0.75, rf"(?<!\w){_CAP}(?: {_CAP})? ?(?:kalea|etorbidea),? \d{{1,4}}[a-z]?(?!\w)"),
    )
    flags = re.IGNORECASE if loose else 0
    return tuple((name, score, re.compile(pattern, flags)) for name, score, pattern in found)


@cache
def _tail(loose: bool) -> re.Pattern[str]:
    """One thing that may follow a street: a unit, a floor, a postal code with its town, a town."""
    units = alternatives(everywhere("unit"))
    side = "izquierda|izq|izda|derecha|dcha|esquerdo|esq|direito|dto|dtº|frente|bajo|ático|r/c|links|rechts"
    town = rf"(?P<town>{_CAP}(?:[ \-](?:(?:{_SMALL}) )?{_CAP}){{0,{1 if loose else 3}}})"
    code = (
        r"(?:(?:D|A|CH|F|E|I|B|L)-|CEP:? |CP:? )?(?:\d{5}-\d{3}|\d{4,5}(?:-\d{3,4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
        r"|[A-Z]{2} \d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?!\w)"
    )
    joint = r"(?:\.?,| [–\-]| in| à| a| em| en| de| at)?[ \t]?(?:\n {0,4})?"
    return re.compile(
        rf"{joint}\(?(?:"
        rf"(?:(?i:{units})\.? ?(?:[nN][.º°]{{0,2}} ?)?#?(?:\d{{1,4}} ?[a-zA-Z]?(?!\w)|[A-Z](?!\w)))"
        rf"|\d{{1,2}}\.?[ºª°oa]?\.? ?(?i:{units})\b(?: [A-Z](?!\w))?"
        rf"|\d{{1,2}}\.?[ºª°][,.]? ?(?:(?i:{side})(?!\w)\.?|[A-Z](?!\w))?"
        rf"|(?i:{side})(?!\w)\.?(?: [A-Z](?!\w))?"
        rf"|(?<!\n){code}\)?"
        rf"|(?<=\n){code} {_CAP}"
        rf")"
        rf"|(?:,| –| -| in| à| a| em| en| de|(?<=\d{{5}})|(?<=\d{{4}})|(?<=[A-Z]{{2}})) ?{town}(?: "
        rf"?\((?:[A-Z]{{2}}|\d{{4,5}})\))?",
        re.IGNORECASE if loose else 0,
    )


_MAX_TAILS: Final = 6
_SENTENCE_WORDS: Final = re.compile(r"[^\W\d_]+")


@cache
def _everyday() -> frozenset[str]:
    lists = ("common", "not_names", "verbs", "fillers")
    return frozenset().union(*(everywhere_set(name) for name in lists))


def find(text: str) -> Iterator[Span]:
    """Addresses, each with what follows it; then postal codes and boxes on their own."""
    everyday = _everyday()
    loose = without_capitals(text)
    for name, score, pattern in _cores(loose):
        if (loose and name in _NEEDS_CAPITALS) or (
            name == "basque" and "kalea" not in text and "etorbidea" not in text
        ):
            continue
        for match in pattern.finditer(text):
            found = match.group()
            lead = _lead(found, name, everyday, loose=loose)
            if (loose or name.endswith("-lower")) and _chatter(found[lead:], everyday):
                continue
            if name in ("street", "calle", "strasse", "am-number") and _unnamed(found, name):
                continue
            start = match.start() + lead
            end = _extended(text, match.end(), everyday, loose=loose)
            yield Span(start, end, "LOCATION", score, f"address-{name}")
    for span in find_shapes(text, CODES):
        end = _extended(text, span.end, everyday, loose=loose) if span.recognizer == "po-box" else span.end
        yield Span(span.start, end, span.label, span.score, span.recognizer)


#: Rules that say nothing in a text without capitals.
_NEEDS_CAPITALS: Final = frozenset(
    {"street", "calle", "strasse", "number-street-lower", "number-rue-lower", "calle-number-lower"}
)
_SMALL_WORD: Final = re.compile(_SMALL)


def _chatter(found: str, everyday: frozenset[str]) -> bool:
    """Whether the words between number and street word are everyday words: "2 miles down the road"."""
    streets = (
        everywhere_set("street_first")
        | everywhere_set("street_last")
        | everywhere_set("unit")
        | everywhere_set("number_word")
    )
    inner = [word.lower() for word in _SENTENCE_WORDS.findall(found) if len(word) > 1]
    named = [
        word for word in inner if word not in streets and not _SMALL_WORD.fullmatch(word) and word not in _PREFIXES
    ]
    return any(word in everyday for word in named)


#: Everyday words that streets are named after.
_PREFIXES_TEXT: Final = (
    "old new high long upper lower little great north south east west church school mill hill green park queen king "
    "station market bridge spring saint st santa san nova novo nuovo nuova nueva nuevo neue alte alten neuen grande "
    "real paz vieja viejo am an der den im in dem auf zum zur unter hinter vor bei beim bis ter"
)
_PREFIXES: Final = frozenset(_PREFIXES_TEXT.split())


_ARTICLES: Final = frozenset(
    {"the", "this", "that", "our", "my", "your", "his", "her", "a", "an", "on", "in", "at", "high"}
)


def _unnamed(found: str, name: str) -> bool:
    """Whether what looks like a street's name is an article, a day or a month."""
    inner = [word.lower() for word in _SENTENCE_WORDS.findall(found)]
    if name == "street":
        return inner[0] in _ARTICLES and len(inner) < 3
    if name == "am-number":
        return any(word in everywhere_set("not_names") for word in inner[-1:])
    return name == "calle" and inner[-1] in everywhere_set("not_names")


def _lead(found: str, name: str, everyday: frozenset[str], *, loose: bool) -> int:
    """How much of a match is the sentence before it: "On Mill Lane" begins at "Mill"."""
    if loose and name in ("strasse-number", "apart-strasse-number"):
        last = [m.end() for m in re.finditer(r"[^\W\d_]+ ", found) if m.group().strip().lower() in everyday]
        return last[-1] if last else 0
    if name != "street":
        return 0
    first = found.split(" ", 1)[0]
    return len(first) + 1 if first.lower() in _ARTICLES or first.lower() in everywhere_set("not_names") else 0


def _extended(text: str, end: int, everyday: frozenset[str], *, loose: bool) -> int:
    for _ in range(_MAX_TAILS):
        match = _tail(loose).match(text, end)
        if match is None or match.end() == end:
            break
        stop = _sentence_goes_on(match, everyday)
        if stop is not None:
            return max(end, stop)
        end = match.end()
    return end


def _sentence_goes_on(tail: re.Match[str], everyday: frozenset[str]) -> int | None:
    """Where the first everyday word of what reads as a town begins: "Kirkcaldy Write to her". None: nowhere."""
    at = tail.start("town")
    if at < 0:
        return None
    last = tail.start()
    for word in _TOWN_WORD.finditer(tail.string, at, tail.end("town")):
        folded = word.group().lower()
        if folded in everyday and not _SMALL_WORD.fullmatch(folded):
            return last
        last = word.end()
    return None


_TOWN_WORD: Final = re.compile(r"[^\s\-]+")
