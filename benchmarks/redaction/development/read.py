"""Reading the texts: `=== name genre`, then a text with `{LABEL:what identifies}` and `[[why:what stays]]`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast, get_args

from benchmarks.redaction.labelled import GROUP_OF, Genre, Kept, Labelled, Planted

FOLDER: Final = Path(__file__).parent
_HEAD: Final = re.compile(r"^=== (?P<name>\S+) (?P<genre>\S+)$", re.MULTILINE)
_MARK: Final = re.compile(r"\{(?P<label>[A-Z_]+):(?P<planted>[^{}]+)\}|\[\[(?P<why>[a-z-]+):(?P<kept>[^\]]+)\]\]")


def texts() -> Iterator[Labelled]:
    """All texts, in a fixed order; each is a template of its own."""
    for path in sorted(FOLDER.glob("*.txt")):
        yield from _read(path)


def _read(path: Path) -> Iterator[Labelled]:
    content = path.read_text("utf-8")
    heads = list(_HEAD.finditer(content))
    ends = [head.start() for head in heads[1:]] + [len(content)]
    for head, end in zip(heads, ends, strict=True):
        if head["genre"] not in get_args(Genre):
            raise ValueError(f"{path.name}: {head['name']} has no known genre")
        yield labelled(head["name"], path.stem[:2], cast(Genre, head["genre"]), content[head.end() : end].strip("\n"))


def labelled(name: str, language: str, genre: Genre, body: str) -> Labelled:
    """One text of its marked body.

    Raises:
        ValueError: for a mark with an unknown label, or one that is not closed.
    """
    pieces: list[str] = []
    planted: list[Planted] = []
    kept: list[Kept] = []
    at = position = 0
    for match in _MARK.finditer(body):
        pieces.append(body[at : match.start()])
        position += len(pieces[-1])
        value = match["planted"] or match["kept"]
        if match["label"]:
            if match["label"] not in GROUP_OF:
                raise ValueError(f"{name}: no label {match['label']}")
            planted.append(Planted(position, position + len(value), match["label"]))
        else:
            kept.append(Kept(position, position + len(value), match["why"]))
        pieces.append(value)
        position += len(value)
        at = match.end()
    text = "".join([*pieces, body[at:]])
    if "{" in text or "[[" in text:
        raise ValueError(f"{name}: a mark that is not closed")
    return Labelled(f"development/{name}", f"{language}/{name}", language, genre, text, tuple(planted), tuple(kept))
