"""The language gate: what may pass on the word of recognizers that were validated for one language only.

A recognizer for English finds nothing in a Māori letter, and nothing found looks like nothing there. So a
text is held unless it is in a validated language as a whole and in each of its longer sentences.
"""

import re
from dataclasses import dataclass
from typing import Final

import pycld2

from consent.redaction.plain import plain

#: Languages with a recognizer set that may be relied on without a person; their recall on unseen texts is
#: measured by a later issue, and cards say so until then.
VALIDATED: Final[frozenset[str]] = frozenset({"en"})

UNDETERMINED: Final = "und"
SHORT_BYTES: Final = 200
MIN_SENTENCE_WORDS: Final = 6
#: A detection that explains less of a sentence than this is a guess about names and loan words.
MIN_SENTENCE_PERCENT: Final = 80
MIN_ASCII_SHARE: Final = 0.9

_SENTENCE_END: Final = re.compile(r"(?<=[.!?…;])[\s\"'”’)]+|\s*\n\s*")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_NOT_PROSE: Final = re.compile(r"(?<!\S)\S*[@\d/]\S*")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The primary subtag of a text, and why it is held (None: it may pass)."""

    language: str
    held_reason: str | None


def primary(tag: str | None) -> str | None:
    """The primary subtag of a declared tag: ``en-GB`` is ``en``."""
    return re.split(r"[-_]", tag.strip().lower())[0] or None if tag else None


def gate(text: str, declared: str | None) -> Verdict:
    """Whether ``text`` may pass without a person, by detection and by what was declared."""
    stated = primary(declared)
    if stated is not None and stated not in VALIDATED:
        return Verdict(_safe(stated), f"declared-language-not-validated:{_safe(stated)}")
    readable = plain(text).text
    detected = detect(readable)
    if detected is not None and detected not in VALIDATED:
        return Verdict(detected, f"language-not-validated:{detected}")
    if detected is None and not _believable(readable, stated):
        return Verdict(stated or UNDETERMINED, "language-undetermined")
    language = detected or stated or UNDETERMINED
    switched = _switched(readable)
    return Verdict(language, f"code-switched:{switched}" if switched else None)


def spoken(text: str, declared: str | None) -> str:
    """The language of a text that people reviewed: as declared, else as detected."""
    stated = primary(declared)
    return _safe(stated) if stated else detect(plain(text).text) or UNDETERMINED


def detect(text: str, *, percent: int = 0) -> str | None:
    """The primary subtag that pycld2 is sure of (and that explains ``percent`` of the text), or None."""
    prose = _NOT_PROSE.sub(" ", text)
    try:
        reliable, _, details = pycld2.detect(prose.encode("utf-8", "ignore"), isPlainText=True)
    except (pycld2.error, ValueError):
        return None
    _, code, share, _ = details[0]
    if not reliable or code == "un" or share < percent:
        return None
    return str(code).split("-")[0]


def _believable(text: str, stated: str | None) -> bool:
    """Whether a declaration is enough: the text is too short to tell, or at least written in our letters.

    Text without letters has no language and needs no declaration.
    """
    letters = [char for char in text if char.isalpha()]
    if not letters:
        return True
    if stated not in VALIDATED:
        return False
    ascii_share = sum(char.isascii() for char in letters) / len(letters)
    short = len(text.encode("utf-8", "ignore")) < SHORT_BYTES
    return ascii_share >= (MIN_ASCII_SHARE / 2 if short else MIN_ASCII_SHARE)


def _switched(text: str) -> str | None:
    """The first language without validation that a sentence of some length is reliably in."""
    for sentence in _SENTENCE_END.split(text):
        if len(_WORD.findall(sentence)) < MIN_SENTENCE_WORDS:
            continue
        code = detect(sentence, percent=MIN_SENTENCE_PERCENT)
        if code is not None and code not in VALIDATED:
            return code
    return None


def _safe(tag: str) -> str:
    """A primary subtag as it may stand in a reason: two to eight letters, or ``und``."""
    return tag if re.fullmatch(r"[a-z]{2,8}", tag) else UNDETERMINED
