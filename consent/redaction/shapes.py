"""A shape: a pattern with, where one exists, a check of the value (a checksum, a length).

Patterns begin behind a boundary and repeat a bounded number of times, so that a hostile text costs time in
proportion. A value whose shape is distinctive is taken even if its checksum fails: people mistype, and a
number that is wrong by one digit still leads to them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from consent.redaction.types import Span

#: Given the value, its score; 0 refuses it.
Check = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Shape:
    """One pattern. The group ``v``, or else the whole match, is the value."""

    name: str
    label: str
    pattern: re.Pattern[str]
    score: float = 0.85
    check: Check | None = None


def find(text: str, shapes: Iterable[Shape]) -> Iterator[Span]:
    """Every value of every shape in ``text``."""
    for shape in shapes:
        group: str | int = "v" if "v" in shape.pattern.groupindex else 0
        for match in shape.pattern.finditer(text):
            start, end = match.span(group)
            score = shape.check(text[start:end]) if shape.check else shape.score
            if score > 0 and start < end:
                yield Span(start, end, shape.label, score, shape.name)
