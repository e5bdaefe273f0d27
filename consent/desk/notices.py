"""A notice as parts of a page. Notices use few forms of Markdown: a heading, paragraphs, items, bold and stress."""

import re
from typing import Final

#: A stretch of words, and whether it is set in bold.
Stretch = tuple[str, bool]
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")


def parts(text: str) -> list[tuple[str, list[Stretch]]]:
    """(tag, stretches) in order: ``h1``, ``p`` or ``li``."""
    found: list[tuple[str, str]] = []
    inside = ""
    for line in text.split("\n"):
        if not line.strip():
            inside = ""
        elif line.startswith("# "):
            found.append(("h1", line[2:]))
            inside = ""
        elif line.startswith("- "):
            found.append(("li", line[2:]))
            inside = "li"
        elif inside == "p" or (inside == "li" and line.startswith("  ")):
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        else:
            found.append(("p", line.strip()))
            inside = "p"
    return [(tag, _stretches(words)) for tag, words in found]


def _stretches(words: str) -> list[Stretch]:
    pieces = _BOLD.split(words)
    return [(piece.replace("*", ""), number % 2 == 1) for number, piece in enumerate(pieces) if piece]
