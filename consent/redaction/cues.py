"""Names given away by the words around them: titles, kinship, introductions, greetings, sign-offs.

One set of rules for every supported language; what differs is the words (`words`). Where the cue leaves no
doubt ("mr", a greeting line, a signature), a name counts in lower case too.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from consent.redaction.people import grown, name_at, without_capitals
from consent.redaction.types import Span
from consent.redaction.words import SUPPORTED, Words, alternatives, everywhere_set, words

_LINE_REST: Final = re.compile(r"[ .,!?x❤️♥😘:)\-–—]{0,12}(?=\n|\Z)")
_VOCATIVE_REST: Final = re.compile(r"\s?[,.!?;…\n]|\s?\Z")
#: "Kershaw, Edith", as registers have it.
_GIVEN: Final = re.compile(r", (?=[^\W\d_])")
_FIELD_END: Final = re.compile(r"[ \t.]{0,3}(?:\n|\Z)")
_SIGN: Final = re.compile(r"[ ,.!]{0,3}\s{0,3}(?:[-–—] ?)?")
#: Languages that write common nouns with a capital: a capital there says less.
NOUNS_CAPITALISED: Final = frozenset({"de"})


#: What follows when somebody is called by name at the beginning of a sentence: "Anna, you may", "Ana, ven".
_YOU: Final = {
    "en": "you|why|what|how|where|who|can|could|would|will|did|do|are|have|please|put|come|look|is your|your|let",
    "es": "tú|te|por qué|qué|cómo|dónde|quién|puedes|puede|quieres|ven|mira|dime|dame|has|tienes|vas|no te|por "
    "favor|pásame|trae|deja",
    "de": "du|kannst|könntest|hast|bist|willst|was|wie|wo|wann|warum|wer|komm|gib|bitte|schau|hör|weißt|können|"
    "haben|sind|geh|mach|nimm",
    "fr": "tu|vous|peux|pouvez|as-tu|avez|viens|venez|pourquoi|comment|où|qui|qu'|que|regarde|écoute|s'il|donne|"
    "va|allez|prends|dis",
    "it": "tu|ti|puoi|può|hai|sei|vuoi|vieni|guarda|perché|come|dove|chi|che|dimmi|dammi|per favore|senti|vai|"
    "prendi|metti|lascia",
    "pt": "tu|você|podes|pode|queres|quer|vem|olha|porque|por que|como|onde|quem|que|diz|dá|por favor|tens|tem|"
    "vais|vai|traz|deixa|senta",
}


@dataclass(frozen=True, slots=True)
class _Rules:
    refused: frozenset[str]
    refused_lower: frozenset[str]
    title: re.Pattern[str]
    title_lower: re.Pattern[str]
    kin: re.Pattern[str]
    kin_capital: re.Pattern[str]
    introduction: re.Pattern[str]
    field: re.Pattern[str]
    form_field: re.Pattern[str]
    named_lower: re.Pattern[str]
    field_colon: re.Pattern[str]
    place: re.Pattern[str]
    greeting: re.Pattern[str]
    vocative: re.Pattern[str]
    sign_off: re.Pattern[str]
    verb: re.Pattern[str]
    verb_after: re.Pattern[str]
    apposition: re.Pattern[str]
    called: re.Pattern[str]


@cache
def refused_words() -> frozenset[str]:
    """Words of any supported language that are written with a capital and are no names."""
    kin = frozenset(word for word in everywhere_set("kin") if " " not in word)
    return everywhere_set("not_names") | everywhere_set("months") | kin | everywhere_set("titles")


@cache
def _rules(language: str) -> _Rules:
    w = words(language)
    own = w.set("not_names") | w.set("months") | w.set("kin") | w.set("titles")
    everyday = own | w.set("common") | w.set("verbs") | w.set("not_nouns") | w.set("signoffs")
    kin, possessive = alternatives(w["kin"]), alternatives(w["possessives"])
    named = rf"(?:,? (?:{alternatives(w['named'])}))?"
    verbs, acts = alternatives(w["verbs"]), alternatives([*w["verbs"], *w["acts"]])
    name = r"(?P<v>[^\W\d_a-zß-öø-ÿ][^\W\d_]{1,30}(?:-[^\W\d_]{2,30})?)"
    return _Rules(
        own,
        everyday,
        _words(rf"(?<![\w'’])(?:{_titles(w)})(?:\.|(?!\w)) ?(?=[^\W\d_])"),
        _words(rf"(?<!\w)(?:{alternatives(w['titles_lower'])})(?:\. ?|(?!\w) )"),
        _words(rf"(?<!\w)(?:{possessive}) (?:[^\W\d_]{{2,15}} )?(?:{kin}){named}[,:]? (?=[^\W\d_])"),
        _words(rf"(?<!\w)(?:{kin}){named} (?=[^\W\d_])"),
        _words(
            rf"(?<![\w'’])(?:{alternatives(w['introductions'])})(?!\w)(?: ?[:=] ?|,? )(?:(?:la|el|the|o|a|die|"
            rf"der|il) )?(?=[^\W\d_])"
        ),
        re.compile(
            rf"(?im:^|(?<=[.;,] ))[\s\-*•]{{0,6}}(?i:{alternatives(w['fields'])})(?!\w)(?:[ \t]?\([^)\n]{{1,"
            rf"20}}\))?(?:[ \t]?[:=][ \t]{{0,3}}|[ \t]{{1,3}}(?=[^\W\d_a-zß-ÿ]))"
        ),
        _form_field(w),
        _words(
            rf"(?<![\w'’])(?:{alternatives(p for p in w['introductions'] if _NAMING.search(p))})(?!\w)(?: ?[:=] "
            rf"?|,? )(?=[^\W\d_])"
        ),
        _words(rf"(?m)^[\s\-*•]{{0,6}}(?:{alternatives(w['fields'])})(?!\w)[ \t]?[:=]?[ \t]{{1,3}}(?=[^\W\d_])"),
        _words(rf"(?<!\w)(?:{alternatives(w['place'])})(?!\w)(?: ?: ?| )"),
        _words(rf"(?m)^[^\w\n]{{0,4}}(?:{alternatives(w['greetings'])})(?!\w),? "),
        _words(rf"(?<!\w)(?:{alternatives([*w['vocatives'], *w['greetings']])})(?!\w),? (?=[^\W\d_])"),
        _words(
            rf"(?<!\w)(?:{alternatives(w['signoffs'])})(?!\w)(?: (?:from|de|von|di|da|dein|deine|dal|ta|ton|tu|"
            rf"tua|tuo))?"
        ),
        re.compile(rf"(?:(?<=[.!?:\n\"“«„—–] )|(?<=[\n\"“«„¿¡—–])|\A){name} (?:{acts})(?!\w)"),
        _words(rf"(?<=[\"”»“,!?…] )(?:{verbs})(?!\w) (?=[^\W\d_])"),
        re.compile(
            rf"(?<!\w){name}(?:, (?:(?i:{possessive}) (?:[^\W\d_]{{2,15}} )?(?i:{kin})(?!\w)|\d\d?,)| \(\d\d?\))"
        ),
        re.compile(
            rf"(?:(?<=[.!?:…\n] )|(?<=[\n¿¡\"“«„])|\A){name}(?:, (?:(?i:{_YOU[language]})(?!\w)|[¿¡])| (?:and I|"
            rf"y yo|et moi|und ich|e io|ed io|e eu)(?!\w))"
        ),
    )


def _form_field(w: Words) -> re.Pattern[str]:
    """What leads to a name only where a form has it, with a colon: "Reported by:". Nothing where there are none."""
    return _words(
        rf"(?m)^[\s\-*•]{{0,6}}(?:{alternatives(w['form_fields']) or '(?!)'})[ \t]?[:=][ \t]{{0,3}}(?=[^\W\d_])"
    )


def _titles(w: Words) -> str:
    return alternatives(w["titles"])


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def whole_names(text: str, spans: list[Span], language: str) -> list[Span]:
    """The spans, people's names with the capitalised words directly beside them."""
    if language in NOUNS_CAPITALISED or language not in SUPPORTED:
        return spans
    refused = _rules(language).refused
    return [
        Span(*grown(text, s.start, s.end, refused), s.label, s.score, s.recognizer) if s.label == "PERSON" else s
        for s in spans
    ]


def finder(language: str) -> Callable[[str], Iterator[Span]]:
    """The finder of names by cue in one language."""
    return lambda text: _find(text, language)


def _find(text: str, language: str) -> Iterator[Span]:
    rules = _rules(language)
    yield from _after(text, rules.title, rules.refused, "title", 0.8)
    yield from _after(text, rules.title_lower, rules.refused_lower, "title", 0.7, lower=True)
    yield from _after(text, rules.kin, rules.refused, "kin", 0.7)
    yield from _after(text, rules.kin_capital, rules.refused, "kin", 0.65)
    yield from _after(text, rules.introduction, rules.refused, "introduction", 0.65)
    yield from _after(text, rules.field, rules.refused, "introduction", 0.65)
    yield from _after(text, rules.form_field, rules.refused, "introduction", 0.65)
    if without_capitals(text):
        for cue in (rules.named_lower, rules.field_colon):
            yield from _after(text, cue, rules.refused_lower, "introduction", 0.65, lower=True)
    yield from _places(text, rules)
    yield from _written(text, rules)
    yield from _greetings(text, rules)
    yield from _vocatives(text, rules)
    yield from _signatures(text, rules)
    yield from _speakers(text, rules, language)


#: Titles that are no other word in any of the six languages.
_ANYWHERE: Final = (
    "mr",
    "mrs",
    "ms",
    "dr",
    "prof",
    "señor",
    "señora",
    "señorita",
    "sra",
    "srta",
    "doña",
    "herr",
    "herrn",
    "frau",
    "fräulein",
    "madame",
    "monsieur",
    "mme",
    "mlle",
    "mademoiselle",
    "signora",
    "signor",
    "signorina",
    "dott",
    "dottor",
    "dottoressa",
    "dona",
    "senhor",
    "senhora",
    "tante",
    "oma",
    "opa",
    "onkel",
    "nonna",
    "nonno",
    "zia",
    "zio",
    "tía",
    "whaea",
)


@cache
def _anywhere() -> re.Pattern[str]:
    return _words(rf"(?<![\w'’])(?:{alternatives(_ANYWHERE)})(?:\.|(?!\w)) ?(?=[^\W\d_])")


def titles_anywhere(text: str) -> Iterator[Span]:
    """Names after a title of any supported language, whatever the text is written in."""
    yield from _after(text, _anywhere(), refused_words(), "title", 0.8)


def _after(
    text: str, cue: re.Pattern[str], refused: frozenset[str], rule: str, score: float, *, lower: bool = False
) -> Iterator[Span]:
    for match in cue.finditer(text):
        found = name_at(text, match.end(), refused, lower=lower)
        if found is None:
            continue
        given = _GIVEN.match(text, found[1]) if rule == "introduction" else None
        second = name_at(text, given.end(), refused) if given else None
        if second and _FIELD_END.match(text, second[1]):
            found = (found[0], second[1])
        yield Span(*found, "PERSON", score, rule)


def _written(text: str, rules: _Rules) -> Iterator[Span]:
    """Names by the way they are written: with initials ("A. Prat"), or as registers have them ("Prat, Ana.")."""
    for match in _INITIALS.finditer(text):
        found = name_at(text, match.end(), rules.refused)
        if found:
            yield Span(match.start(), found[1], "PERSON", 0.6, "initials")
    for match in _ROSTER.finditer(text):
        names = [match.group("a").lower(), match.group("b").lower()]
        if not any(part in rules.refused_lower for part in names):
            yield Span(match.start("a"), match.end("b"), "PERSON", 0.6, "register")


_NAMING: Final = re.compile(r"nam|llam|appel|nom|chiam|cham|hei(?:ß|ss)|dicen|ask for|speaking")
_INITIALS: Final = re.compile(
    r"(?<![\w.])(?<!z\. )(?<!d\. )(?<!u\. )(?:[A-ZÀ-ÖØ-Þ]\. ?){1,3}(?=[A-ZÀ-ÖØ-Þ][^\W\d_]{2})"
)
_ROSTER: Final = re.compile(
    r"(?:(?<=[.!?] )|(?<=\n)|\A)(?P<a>[^\W\d_a-zß-ÿ][^\W\d_]{2,20}(?:[\- ’'][^\W\d_a-zß-ÿ][^\W\d_]{1,20})?), "
    r"(?P<b>[^\W\d_a-zß-ÿ][^\W\d_]{1,20})(?= ?[.?!\n])"
)


def _places(text: str, rules: _Rules) -> Iterator[Span]:
    """Where somebody was born or lives, in small letters too: "place of birth: dunmore"."""
    for match in rules.place.finditer(text):
        found = name_at(text, match.end(), rules.refused_lower, lower=without_capitals(text))
        if found:
            yield Span(*found, "LOCATION", 0.6, "place-cue")


def _greetings(text: str, rules: _Rules) -> Iterator[Span]:
    for match in rules.greeting.finditer(text):
        found = name_at(text, match.end(), rules.refused)
        if found is None:
            found = name_at(text, match.end(), rules.refused_lower, lower=True)
            if found is None or not _VOCATIVE_REST.match(text, found[1]):
                continue
        yield Span(*found, "PERSON", 0.75, "greeting")
        joint = re.compile(r" (?:and|y|und|et|e|&|\+) |, ").match(text, found[1])
        second = name_at(text, joint.end(), rules.refused) if joint else None
        if second and _VOCATIVE_REST.match(text, second[1]):
            yield Span(*second, "PERSON", 0.7, "greeting")


def _vocatives(text: str, rules: _Rules) -> Iterator[Span]:
    """ "Thanks, Tom." and "ja, Anna": a name where somebody is spoken to."""
    for match in rules.vocative.finditer(text):
        found = name_at(text, match.end(), rules.refused)
        if found and _VOCATIVE_REST.match(text, found[1]):
            yield Span(*found, "PERSON", 0.65, "vocative")


def _signatures(text: str, rules: _Rules) -> Iterator[Span]:
    for match in rules.sign_off.finditer(text):
        sign = _SIGN.match(text, match.end())
        at = sign.end() if sign else match.end()
        if at == match.end():
            continue
        for refused, lower in ((rules.refused, False), (rules.refused_lower, True)):
            found = name_at(text, at, refused, lower=lower)
            if found and _LINE_REST.match(text, found[1]):
                yield Span(*found, "PERSON", 0.7, "sign-off")
                break
    dash = re.search(r"(?:\A|\n)\s{0,4}[-–—]{1,2} ?(?=[^\W\d_])", text[-80:])
    if dash:
        at = max(0, len(text) - 80) + dash.end()
        found = name_at(text, at, rules.refused)
        if found and not text[found[1] :].strip(" .\n"):
            yield Span(*found, "PERSON", 0.6, "dash-signed")


def _speakers(text: str, rules: _Rules, language: str) -> Iterator[Span]:
    """ "Anna said", "said Anna", "Anna, my sister", "Anna (34)"."""
    everyday = rules.refused_lower if language in NOUNS_CAPITALISED else rules.refused
    for pattern, rule in ((rules.verb, "name-verb"), (rules.apposition, "apposition"), (rules.called, "vocative")):
        for match in pattern.finditer(text):
            if match.group("v").lower() not in everyday:
                yield Span(match.start("v"), match.end("v"), "PERSON", 0.6, rule)
    for match in rules.verb_after.finditer(text):
        found = name_at(text, match.end(), everyday)
        if found:
            yield Span(*found, "PERSON", 0.6, "verb-name")
