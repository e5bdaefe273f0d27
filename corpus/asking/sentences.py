"""A text as sentences, each with its place, so that a quotation can be found again."""

import re
from dataclasses import dataclass
from typing import Final

#: A sentence ends at a full stop, question or exclamation mark, with what closes it, before white space and no small
#: letter; or at a line.
_END: Final = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+(?=[\"'“‘«(\[]*[^\W_a-zß-öø-ÿ])|\s*\n\s*")
_TITLES: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof|No|vs|etc)\.$")
MOST: Final = 600


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a text: ``text[start:end]``."""

    start: int
    end: int
    words: str


def sentences(text: str) -> list[Sentence]:
    """The sentences of ``text``, none longer than `MOST` characters."""
    found, start = [], 0
    for match in [*_END.finditer(text), None]:
        end = len(text) if match is None else match.start()
        if match is not None:
            closing = re.match(r"[\"'”’»)\]]*", match.group())
            end += closing.end() if closing else 0
            if _TITLES.search(text[start:end]) and "\n" not in match.group():
                continue
        found += _pieces(text, start, end)
        start = len(text) if match is None else match.end()
    return found


def _pieces(text: str, start: int, end: int) -> list[Sentence]:
    pieces = []
    while start < end:
        stop = end if end - start <= MOST else (text.rfind(" ", start, start + MOST) + 1 or start + MOST)
        if words := text[start:stop].strip():
            begin = text.index(words, start)
            pieces.append(Sentence(begin, begin + len(words), words))
        start = stop
    return pieces
