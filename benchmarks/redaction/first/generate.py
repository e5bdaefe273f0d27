"""From templates to labelled texts: choose, fill, add noise, and note where everything stands."""

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.redaction.first.noise import Piece, kind, noisy
from benchmarks.redaction.first.slots import KEPT_SLOTS, Filler
from benchmarks.redaction.first.template import Mark, Template, marks, templates
from benchmarks.redaction.labelled import Kept, Labelled, Planted


def texts(seed: int, count: int) -> Iterator[Labelled]:
    """``count`` labelled texts, the same for the same ``seed``; every template comes as often as any other."""
    every = list(templates())
    random.Random(f"{seed}").shuffle(every)
    for number in range(count):
        yield _text(random.Random(f"{seed}:{number}"), every[number % len(every)], f"first-{seed}-{number}")


def _text(rng: random.Random, template: Template, name: str) -> Labelled:
    filler = Filler(rng, template.language)
    pieces = [_piece(filler, mark) for mark in marks(rng, template.body)]
    noise = kind(rng)
    made = _placed(noisy(rng, pieces, noise), template, f"{name}-{noise}" if noise else name)
    return replace(made, switched=template.switched)


def _piece(filler: Filler, mark: Mark) -> Piece:
    if not mark.slot:
        return Piece(mark.text, why=mark.why)
    label, value = filler.fill(mark.slot, mark.number)
    return Piece(value, why=label) if mark.slot in KEPT_SLOTS else Piece(value, label=label)


def _placed(pieces: list[Piece], template: Template, name: str) -> Labelled:
    """The joined text with the places of what was planted and of what must stay."""
    planted: list[Planted] = []
    kept: list[Kept] = []
    at = 0
    for piece in pieces:
        end = at + len(piece.text)
        if piece.label:
            planted.append(Planted(at, end, piece.label))
        elif piece.why:
            kept.append(Kept(at, end, piece.why))
        at = end
    text = "".join(piece.text for piece in pieces)
    return Labelled(name, template.name, template.language, template.genre, text, tuple(planted), tuple(kept))
