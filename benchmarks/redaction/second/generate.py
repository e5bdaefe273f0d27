"""The set: the hand-written texts in turn, filled by the seed."""

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from benchmarks.redaction.labelled import Kept, Labelled, Planted
from benchmarks.redaction.second.fill import fill
from benchmarks.redaction.second.markup import Marked, Slot, Template, Words, read_templates
from benchmarks.redaction.second.people import choose

_TEXTS = Path(__file__).parent / "texts"


class SameName(ValueError):
    """Two hand-written texts have one name: intervals are taken over names, so rename one."""


@cache
def templates() -> tuple[Template, ...]:
    """All hand-written texts, by name. Raises ``SameName`` and ``MarkupError``."""
    found = [text for file in sorted(_TEXTS.glob("*.txt")) for text in read_templates(file.read_text("utf-8"))]
    by_name = {text.name: text for text in found}
    if len(by_name) != len(found):
        twice = {text.name for text in found if by_name[text.name] is not text}
        raise SameName(f"several texts are called {', '.join(sorted(twice))}")
    return tuple(by_name[name] for name in sorted(by_name))


def texts(seed: int, count: int) -> Iterator[Labelled]:
    """``count`` texts: every hand-written text once, in an order drawn by the seed, then all again filled anew."""
    order = list(templates())
    random.Random(f"order {seed}").shuffle(order)
    for number in range(count):
        turn, place = divmod(number, len(order))
        template = order[place]
        yield render(template, f"second-{seed}-{number:05d}", random.Random(f"{seed} {turn} {template.name}"))


def render(template: Template, name: str, rng: random.Random) -> Labelled:
    """One filling of a hand-written text."""
    written = " ".join(piece.text for piece in template.pieces if not isinstance(piece, Slot))
    cast = choose(template.roles, written, rng)
    filled: dict[str, tuple[str, str]] = {}
    text = ""
    planted: list[Planted] = []
    kept: list[Kept] = []
    for piece in template.pieces:
        match piece:
            case Slot(spec):
                if spec not in filled:
                    filled[spec] = fill(spec, cast, rng)
                label, words = filled[spec]
                planted.append(Planted(len(text), len(text) + len(words), label))
            case Marked(mark, words) if piece.planted:
                planted.append(Planted(len(text), len(text) + len(words), mark))
            case Marked(mark, words):
                kept.append(Kept(len(text), len(text) + len(words), mark))
            case Words(words):
                pass
        text += words
    return Labelled(
        name, template.name, template.language, template.genre, text, tuple(planted), tuple(kept), template.switched
    )
