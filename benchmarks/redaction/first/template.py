"""Reading the templates of a language.

A file holds templates, each under a line `=== name genre [switched]`. In the text

- `{slot}` is filled with something that identifies somebody (`slots.py` lists the slots); `{slot#1}` belongs to
  the first person of the text, so that `{given#1}` and `{email#1}` agree;
- `[[why:text]]` must stay, for the reason given;
- `<one|other>` is one of several wordings.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, cast, get_args

from benchmarks.redaction.labelled import Genre

LANGUAGES: Final = Path(__file__).parent / "languages"
_HEAD: Final = re.compile(r"^=== (?P<name>\S+) (?P<genre>\S+)(?P<switched> switched)?$", re.MULTILINE)
_CHOICE: Final = re.compile(r"<([^<>|]*(?:\|[^<>|]*)+)>")
_MARK: Final = re.compile(r"\{(?P<slot>[a-z_^]+)(?:#(?P<number>\d))?\}|\[\[(?P<why>[a-z-]+):(?P<kept>[^\]]+)\]\]")


@dataclass(frozen=True, slots=True)
class Template:
    """One template: its name says language and file entry."""

    name: str
    language: str
    genre: Genre
    body: str
    switched: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of a template: plain ``text``, a ``slot`` to fill, or ``text`` to keep for the reason ``why``."""

    text: str = ""
    slot: str = ""
    number: int = 0
    why: str = ""


@cache
def templates() -> tuple[Template, ...]:
    """All templates of all languages, in a fixed order."""
    return tuple(one for path in sorted(LANGUAGES.glob("*.txt")) for one in _read(path))


def _read(path: Path) -> Iterator[Template]:
    content = path.read_text("utf-8")
    heads = list(_HEAD.finditer(content))
    ends = [head.start() for head in heads[1:]] + [len(content)]
    for head, end in zip(heads, ends, strict=True):
        if head["genre"] not in get_args(Genre):
            raise ValueError(f"{path.name}: {head['name']} has no known genre")
        body = content[head.end() : end].strip("\n")
        genre = cast(Genre, head["genre"])
        yield Template(f"{path.stem}/{head['name']}", path.stem, genre, body, head["switched"] is not None)


def marks(rng: random.Random, body: str) -> Iterator[Mark]:
    """The pieces of a body, with its wordings chosen."""
    text = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), body)
    at = 0
    for match in _MARK.finditer(text):
        if match.start() > at:
            yield Mark(text[at : match.start()])
        if match["slot"]:
            yield Mark(slot=match["slot"], number=int(match["number"] or 0))
        else:
            yield Mark(match["kept"], why=match["why"])
        at = match.end()
    if at < len(text):
        yield Mark(text[at:])
