"""A view of a text that recognizers can read: what looks like "Anna 07700" to a person does so to them.

Invisible characters are dropped, accents composed, full-width and styled letters and the digits of other
scripts become plain ones, and Greek or Cyrillic look-alikes inside a Latin word become Latin. Offsets are
mapped back to the text as it came.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from consent.redaction.types import Span

_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e01ef]"
)
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_SPACES: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_MARKS: Final = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
#: Widths, styles, enclosures and the digits of other scripts: folded one to one where one plain one stands for it.
_STYLED: Final = re.compile(
    "[\u2070-\u209c\u2100-\u214f\u2460-\u24ff\uff00-\uffef\U0001d400-\U0001d7ff\U0001f100-\U0001f1e5]|(?![0-9])\\d"
)
#: From the first letter of a word on, and never a step back: a megabyte of letters is read once.
_MIXED: Final = re.compile(
    "(?<![a-zA-Z\u00c0-\u024f])"
    "[a-zA-Z\u00c0-\u024f]*+[\u0370-\u04ff\u0500-\u052f\u1f00-\u1fff\u13a0-\u13f5]+[a-zA-Z\u00c0-\u024f\u0370-\u04ff]*"
)
_LATIN: Final = re.compile("[a-zA-Z\u00c0-\u024f]")
_ALIKE: Final = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХЬҮѴԌԛԝаеѕіјорсухһԁԛԝӏґкмнтвғΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαινυρκτχΑЗбгл",
        "ABESIJKMHOPCTYXbYVGqwaesijopcyxhdqwlrkmhtbfABEZHIKMNOPTYXoaivupktxA3bгл",
        strict=False,
    )
)


@dataclass(frozen=True, slots=True)
class Plain:
    """The readable text, and for each of its code points the offset in the original (None: unchanged).

    One offset more than code points: the last is the length of the original.
    """

    text: str
    offsets: tuple[int, ...] | None

    def original(self, spans: Iterable[Span]) -> list[Span]:
        """The spans of the readable text as spans of the original."""
        if self.offsets is None:
            return list(spans)
        offsets = self.offsets
        return [Span(offsets[s.start], self._end(s.end), s.label, s.score, s.recognizer) for s in spans]

    def _end(self, end: int) -> int:
        """Behind the last code point and the marks and joiners that were folded into it."""
        return self.offsets[end] if self.offsets is not None else end


def plain(text: str) -> Plain:
    """What recognizers read in place of ``text``."""
    readable = _UNREADABLE.sub(" ", text)
    readable = _SPACES.sub(" ", readable)
    if readable.isascii():
        return Plain(readable, None)
    readable = _latin(_STYLED.sub(_fold, readable))
    if not (_INVISIBLE.search(readable) or _MARKS.search(readable)):
        return Plain(readable, None)
    pairs = list(_composed(readable))
    return Plain("".join(char for char, _ in pairs), (*(at for _, at in pairs), len(text)))


def _fold(match: re.Match[str]) -> str:
    char = match.group()
    folded = str(unicodedata.digit(char)) if char.isdigit() else unicodedata.normalize("NFKC", char)
    return folded if len(folded) == 1 else char


def _latin(text: str) -> str:
    """Look-alikes inside words that also have Latin letters, as Latin letters."""
    return _MIXED.sub(_look_alike, text)


def _look_alike(match: re.Match[str]) -> str:
    word = match.group()
    return "".join(_ALIKE.get(char, char) for char in word) if _LATIN.search(word) else word


def _composed(text: str) -> Iterator[tuple[str, int]]:
    """The visible code points with their offsets, each with its accent; piles of marks are dropped."""
    base, at = "", 0
    for i, char in enumerate(text):
        if _INVISIBLE.match(char):
            continue
        if base and _MARKS.match(char):
            together = unicodedata.normalize("NFC", base + char)
            base = together if len(together) == 1 else base
            continue
        if base:
            yield base, at
        base, at = char, i
    if base:
        yield base, at
