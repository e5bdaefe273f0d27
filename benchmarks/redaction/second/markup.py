"""The markup of the hand-written texts: a strict parser, so that a slip of the pen is an error and not a label.

A file holds texts one after another::

    === en-letter-quilt en letter            name, language, genre; "switched" after it where two languages mix
    @a f en,ga                               a person: key, gender, cultures ("*" any; "=b" the family of b)
    Dear {a.first}, ring me on {phone:gb}. We read [[public-figure|Dickens]] with [[PERSON|Auntie Bee]].

``{a.part}`` is a person's name, ``{kind:variety}`` something else that identifies; both are planted.
``[[LABEL|words]]`` plants words as they stand; ``[[why|words]]`` (lower case) marks words that must stay.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast, get_args

from benchmarks.redaction.labelled import GROUP_OF, Genre


class MarkupError(ValueError):
    """A hand-written text breaks the markup; the message names the text and says what to mend."""


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody in a text before a name is chosen: ``cultures`` to choose from, or the ``kin`` whose name they share."""

    key: str
    gender: str
    cultures: tuple[str, ...]
    kin: str | None


@dataclass(frozen=True, slots=True)
class Words:
    """Words as they stand."""

    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    """Words as they stand that are planted (``mark`` is a label) or must stay (``mark`` says why)."""

    mark: str
    text: str

    @property
    def planted(self) -> bool:
        return self.mark in GROUP_OF


@dataclass(frozen=True, slots=True)
class Slot:
    """What a seed fills: ``spec`` is ``a.first`` or ``phone:gb#2``. The same spec gives the same filling in a text."""

    spec: str


Piece = Words | Marked | Slot


@dataclass(frozen=True, slots=True)
class Template:
    """One hand-written text."""

    name: str
    language: str
    genre: Genre
    switched: bool
    roles: tuple[Role, ...]
    pieces: tuple[Piece, ...]


_PIECE = re.compile(
    r"\[\[(?P<mark>[A-Za-z_-]+)\|(?P<words>[^\[\]{}]+)\]\]|\{(?P<spec>[a-z0-9]+[.:][A-Za-z0-9.:#_-]*)\}"
)
_ROLE = re.compile(r"@(?P<key>[a-z][a-z0-9]*) (?P<gender>[fm]) (?P<who>\*|=[a-z][a-z0-9]*|[a-z]+(?:,[a-z]+)*)$")
_REASON = re.compile(r"[a-z]+(-[a-z]+)*$")


def read_templates(source: str) -> Iterator[Template]:
    """The texts of one file, in order. Raises ``MarkupError``."""
    for block in re.split(r"^=== ", source, flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        yield _template(head.split(), body)


def _template(head: list[str], body: str) -> Template:
    if len(head) not in (3, 4) or (len(head) == 4 and head[3] != "switched"):
        raise MarkupError(f"{head}: write '=== name language genre [switched]'")
    name, language, genre = head[:3]
    if genre not in get_args(Genre):
        raise MarkupError(f"{name}: no genre is called {genre}")
    lines = body.strip("\n").split("\n")
    declared = [line for line in lines if _ROLE.match(line)]
    if lines[: len(declared)] != declared:
        raise MarkupError(f"{name}: people are declared in the lines right after the head")
    text = "\n".join(lines[len(declared) :]).strip("\n")
    roles = tuple(_role(name, line) for line in declared)
    return Template(name, language, cast(Genre, genre), len(head) == 4, roles, tuple(_pieces(name, text)))


def _role(name: str, line: str) -> Role:
    found = _ROLE.match(line)
    if found is None:
        raise MarkupError(f"{name}: '{line}' declares nobody; write '@key f culture,culture'")
    who = found["who"]
    kin = who[1:] if who.startswith("=") else None
    return Role(found["key"], found["gender"], () if kin else tuple(who.split(",")), kin)


def _pieces(name: str, text: str) -> Iterator[Piece]:
    end = 0
    for found in _PIECE.finditer(text):
        if found.start() > end:
            yield Words(_plain(name, text[end : found.start()]))
        yield Slot(found["spec"]) if found["spec"] else _marked(name, found["mark"], found["words"])
        end = found.end()
    if end < len(text):
        yield Words(_plain(name, text[end:]))


def _plain(name: str, words: str) -> str:
    if any(mark in words for mark in "{}") or "[[" in words or "]]" in words:
        raise MarkupError(f"{name}: a mark is not closed or not known near '{words[:60]}'")
    return words


def _marked(name: str, mark: str, words: str) -> Marked:
    if mark not in GROUP_OF and not _REASON.match(mark):
        raise MarkupError(f"{name}: '{mark}' is neither a label nor a reason in lower case")
    return Marked(mark, words)
