"""The passage of a text that a search result shows."""

import re
from typing import Final

MOST: Final = 240
_WORD: Final = re.compile(r"\w+")
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+|\n+")


def snippet(text: str, query: str, most: int = MOST) -> str:
    """At most ``most`` characters: from the sentence that has most words of the query on, else from the beginning."""
    wanted = {word.casefold() for word in _WORD.findall(query)}
    starts = [0, *(match.end() for match in _SENTENCE.finditer(text))]
    ends = [*starts[1:], len(text)]
    found = [len(wanted & _words(text[start:end])) for start, end in zip(starts, ends, strict=True)]
    start = starts[found.index(max(found))]
    passage = " ".join(text[start : start + 2 * most].split())
    before = "… " if start and passage else ""
    room = most - len(before)
    if len(passage) <= room:
        return before + passage
    cut = passage[: room - 2]
    return before + (cut.rsplit(" ", 1)[0] if " " in cut else cut) + " …"


def _words(sentence: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(sentence)}
