"""Telling languages apart where a detector cannot: short texts, single clauses, single words of another script.

A detector needs a paragraph; people switch for half a sentence. So sentences, and windows of a few words
within them, are judged twice: by the detector, and by how many of their words are everyday words of the
language that the text is said to be in. Names are capitalised and are left out of the count.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

import pycld2

from consent.redaction.words import SUPPORTED, words

_SENTENCE_END: Final = re.compile(r"(?<=[.!?…;:])[\s\"'”’)»]+|\s*\n\s*|\s[—–-]+\s|[\"“”«»()]")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
WINDOW: Final = 7
STRIDE: Final = 3
MIN_WORDS: Final = 3
_LISTS: Final = (
    "common",
    "not_names",
    "kin",
    "months",
    "verbs",
    "greetings",
    "signoffs",
    "vocatives",
    "digits",
    "tens",
    "fillers",
    "phone",
    "records",
)


@cache
def everyday(language: str) -> frozenset[str]:
    """Everyday words of a supported language: the small ones that every sentence has."""
    w = words(language)
    return frozenset(part for name in _LISTS for phrase in w[name] for part in re.split(r"[ /]", phrase.rstrip("*")))


@cache
def _beyond(language: str, own: str) -> frozenset[str]:
    """Everyday words of one language that are none of another's."""
    return everyday(language) - everyday(own)


def share(found: list[str], language: str) -> float:
    """How many of the words are everyday words of the language, from 0 to 1."""
    known = everyday(language)
    return sum(_known(word, known) for word in found) / len(found) if found else 0.0


def _known(word: str, known: frozenset[str]) -> bool:
    word = word.lower().replace("’", "'")
    return word in known or word.split("'")[0] in known


def lower_words(text: str) -> list[str]:
    """The words that are not capitalised, or all if there are no others."""
    found = _WORD.findall(text)
    return [word for word in found if not word[0].isupper()] or found


def reads_as(prose: str, language: str, *, sure: bool) -> bool:
    """Whether the words of a short text are those of ``language``. ``sure``: without a declaration to lean on."""
    found = lower_words(prose)
    if not found:
        return not sure
    own = share(found, language)
    best = max(share(found, code) for code in SUPPORTED if code != language)
    if sure:
        return len(found) >= MIN_WORDS and own >= 0.6 and own > best
    return own >= (0.34 if len(found) <= 6 else 0.25) and own >= best


def foreign_script(prose: str) -> str | None:
    """The script of the first word of two letters or more that is not in Latin letters, or None."""
    if prose.isascii():
        return None
    for match in re.finditer(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff\ua720-\ua7ff\ufb00-\ufb06]{2,}", prose):
        name = unicodedata.name(match.group()[0], "OTHER").split()[0].lower()
        if name not in {"modifier", "latin", "superscript", "feminine", "masculine", "other"}:
            return name
    return None


def switched(prose: str, language: str) -> set[str]:
    """The other languages that sentences, or parts of sentences, are in (``und`` where none is recognised)."""
    found: set[str] = set()
    for sentence in _SENTENCE_END.split(prose):
        tokens = _WORD.findall(sentence)
        if len(tokens) < MIN_WORDS or share(tokens, language) > 0.75:
            continue
        for window in _windows(tokens):
            code = _other(window, language)
            if code is not None:
                found.add(code)
    return found


def _windows(tokens: list[str]) -> Iterator[list[str]]:
    if len(tokens) <= WINDOW:
        yield tokens
        return
    for start in range(0, len(tokens) - WINDOW + STRIDE, STRIDE):
        yield tokens[start : start + WINDOW]


def _other(window: list[str], language: str) -> str | None:
    """The language of a few words, if it is another than the text's."""
    small = [word for i, word in enumerate(window) if not word[0].isupper() or (i == 0 and len(word) < 4)]
    if len(small) < MIN_WORDS:
        return None
    own = share(small, language)
    best = max((code for code in SUPPORTED if code != language), key=lambda code: share(small, code))
    if share(small, best) > own + 0.2 and sum(_known(word, _beyond(best, language)) for word in small) >= MIN_WORDS:
        return _detect(" ".join(window), agreeing=language) or best
    if own > 0.15 or len(small) < 4:
        return None
    return _detect(" ".join(window), agreeing=language)


def _detect(text: str, *, agreeing: str) -> str | None:
    """The detector's best guess, if it is another than ``agreeing``."""
    try:
        _, _, details = pycld2.detect(text.encode("utf-8", "ignore"), isPlainText=True, bestEffort=True)
    except (pycld2.error, ValueError):
        return None
    code, percent = str(details[0][1]).split("-")[0], details[0][2]
    return None if code in ("un", agreeing) or percent < 70 else code
