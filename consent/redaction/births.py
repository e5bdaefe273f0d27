"""Dates of birth: a date is one where a word says so, in any supported language. Other dates stay."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from consent.redaction.types import Span
from consent.redaction.words import alternatives, everywhere

_YEAR: Final = r"(?:18|19|20)\d\d"


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    month = rf"(?i:{alternatives(everywhere('months'))})\.?"
    day = r"(?:the )?\d{1,2}(?:st|nd|rd|th|er|º|°|\.)?"
    of = r"(?: of| de| del| di|,)?"
    date = (
        rf"(?:{day}{of} ?{month}(?:,?{of} (?:{_YEAR}))?|{month} {day},?(?: {_YEAR})?"
        rf"|{month},?{of} {_YEAR}|\d{{1,2}}[./\-]\d{{1,2}}[./\-](?:\d{{4}}|\d{{2}})|{_YEAR}-\d\d-\d\d|{_YEAR})"
    )
    born = rf"(?i:(?<!\w)(?:{alternatives(everywhere('birth'))})(?!\w))"
    before = re.compile(rf"{born}[^.!?\n\d]{{0,30}}?(?P<v>(?<!\w){date}(?!\w))")
    after = re.compile(
        rf"(?<!\w)(?P<v>{date})(?!\w),? (?:is|was|es|ist|è|é|est) [^.!?\n\d]{{0,20}}?(?i:birth|cumpleaños|"
        rf"Geburtstag|compleanno|anniversaire|aniversário)"
    )
    asked = re.compile(
        rf"(?i:{alternatives(p for p in everywhere('birth') if ' ' in p or 'datum' in p)})\W[^\d]{{0,"
        rf"40}}?(?P<v>(?<!\w){date}(?!\w))"
    )
    return before, after, asked


def find(text: str) -> Iterator[Span]:
    """Dates beside a word for birth."""
    for pattern in _patterns():
        for match in pattern.finditer(text):
            yield Span(match.start("v"), match.end("v"), "DATE_TIME", 0.8, "birth-date")
