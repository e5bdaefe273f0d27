"""The language gate: what may pass on the word of recognizers that were validated for one language only.

A recognizer for English finds nothing in a Māori letter, and nothing found looks like nothing there. So a
text is held unless it is in a validated language as a whole and in each of its sentences. Supported languages
without validation are read by their own set all the same: what is found helps the person who confirms.
"""

import re
from dataclasses import dataclass
from typing import Final

import pycld2

from consent.redaction.evidence import foreign_script, reads_as, switched
from consent.redaction.measured import validated
from consent.redaction.plain import plain
from consent.redaction.words import SUPPORTED

#: Languages with a recognizer set that may be relied on without a person: what was measured on texts that the
#: authors of the rules had not seen, and held its floors. It follows from the packaged figures.
VALIDATED: Final[frozenset[str]] = validated()

UNDETERMINED: Final = "und"
SHORT_BYTES: Final = 200
#: Below it a detection alone is not believed where nothing was declared.
BACKED_BYTES: Final = 100
MIN_ASCII_SHARE: Final = 0.9

_NOT_PROSE: Final = re.compile(r"(?<!\S)\S*[@\d/<>]\S*")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The primary subtag of a text, why it is held (None: it may pass), and the sets that read it.

    ``und`` among the sets stands for the recognizers that need no language.
    """

    language: str
    held_reason: str | None
    read_as: tuple[str, ...] = (UNDETERMINED,)


def primary(tag: str | None) -> str | None:
    """The primary subtag of a declared tag: ``en-GB`` is ``en``."""
    return re.split(r"[-_]", tag.strip().lower())[0] or None if tag else None


def gate(text: str, declared: str | None, validated: frozenset[str] = VALIDATED) -> Verdict:
    """Whether ``text`` may pass without a person, by detection and by what was declared."""
    stated = primary(declared)
    readable = plain(text).text
    prose = _NOT_PROSE.sub(" ", readable)
    detected = detect(readable)
    if stated is not None and stated not in validated:
        return _held(_safe(stated), f"declared-language-not-validated:{_safe(stated)}", stated, detected)
    if detected is not None and detected not in validated and not _mistaken(prose, detected, validated):
        return _held(detected, f"language-not-validated:{detected}", detected, stated)
    sure = detected in validated and (stated is not None or _backed(prose, str(detected)))
    known = detected if sure else _believed(prose, stated, validated)
    if known is None:
        return _held(stated or UNDETERMINED, "language-undetermined", stated, detected, "en")
    script = foreign_script(prose)
    if script is not None:
        return _held(known, f"other-script:{script}", known)
    if known == UNDETERMINED:
        return Verdict(known, None, ("en",))
    others = sorted(switched(prose, known))
    strange = [code for code in others if code not in validated]
    if strange:
        return _held(known, f"code-switched:{strange[0]}", known, *others)
    return Verdict(known, None, (known, *others))


def _held(language: str, reason: str, *readers: str | None) -> Verdict:
    """A held text, read by the supported ones of ``readers``, or by what needs no language."""
    chosen = tuple(dict.fromkeys(code for code in readers if code in SUPPORTED))
    return Verdict(language, reason, tuple(str(code) for code in chosen) or (UNDETERMINED,))


def spoken(text: str, declared: str | None) -> str:
    """The language of a text that people reviewed: as declared, else as detected."""
    stated = primary(declared)
    return _safe(stated) if stated else detect(plain(text).text) or UNDETERMINED


def detect(text: str) -> str | None:
    """The primary subtag that pycld2 is sure of, or None."""
    prose = _NOT_PROSE.sub(" ", text)
    try:
        reliable, _, details = pycld2.detect(prose.encode("utf-8", "ignore"), isPlainText=True)
    except (pycld2.error, ValueError):
        return None
    code = details[0][1]
    return None if not reliable or code == "un" else str(code).split("-")[0]


def _mistaken(prose: str, detected: str, validated: frozenset[str]) -> bool:
    """Whether a short text was taken for another language though its words are those of a validated one."""
    if len(prose.encode("utf-8", "ignore")) >= SHORT_BYTES:
        return False
    return any(reads_as(prose, code, sure=True) for code in validated if code in SUPPORTED)


def _backed(prose: str, detected: str) -> bool:
    """Whether the words of a short text are those of the language that the detector says: it guesses at few words.

    "Waar is Fatma nu?" has one word of English, and the detector is sure that it is English.
    """
    if len(prose.encode("utf-8", "ignore")) >= BACKED_BYTES or detected not in SUPPORTED:
        return True
    return reads_as(prose, detected, sure=True)


def _believed(prose: str, stated: str | None, validated: frozenset[str]) -> str | None:
    """The validated language that an undetected text is in: by its words, helped by what was declared.

    Text without letters has no language and needs no declaration.
    """
    letters = [char for char in prose if char.isalpha()]
    if not letters:
        return stated if stated in validated else UNDETERMINED
    latin = sum(char < "\u0250" for char in letters) / len(letters)
    if latin < MIN_ASCII_SHARE:
        return None
    if stated in validated and stated is not None:
        return stated if reads_as(prose, stated, sure=False) else None
    for code in sorted(validated):
        if reads_as(prose, code, sure=True):
            return code
    return None


def _safe(tag: str) -> str:
    """A primary subtag as it may stand in a reason: two to eight letters, or ``und``."""
    return tag if re.fullmatch(r"[a-z]{2,8}", tag) else UNDETERMINED
