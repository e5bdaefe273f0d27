"""What a cohort is trained on, and in which order: planned from its own texts and the recipe's constants alone.

Nothing depends on row, id, arrival or another cohort. So the plan of a cohort from which a text was taken is the plan
of a cohort that never had it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from corpus.errors import CorpusError
from corpus.training.recipe import TrainingRecipe
from substrate.record.canonical import digest

#: What the weights of a cohort are relative to: their mean.
MEAN: Final = 1_000_000
_WHOLE: Final = 1 << 64


class NothingToTrain(CorpusError):
    """No text of this version may be trained on, or none is left beside those that are held out."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text as the reader sees it.

    Attributes:
        key: 32 bytes, SHA-256(seed || kept bytes).
        weight: as in the version; the mean of a cohort is `MEAN`.
        tokens: how many it has, the end of text that follows it included.
    """

    key: bytes
    weight: int
    tokens: int


def key_of(recipe: TrainingRecipe, kept: bytes) -> bytes:
    """SHA-256(recipe seed || kept bytes): the place of a text in every order and choice of a run."""
    return hashlib.sha256(recipe.seed_bytes + kept).digest()


def is_held_out(recipe: TrainingRecipe, key: bytes) -> bool:
    """Whether a text that allows evaluation is kept for it: decided by its own bytes, before any training."""
    return _number(b"held out", key) < int(recipe.held_out * _WHOLE)


def read_order(texts: Sequence[Text], tokens: int) -> list[int]:
    """Numbers of texts in the order in which they are read, until ``tokens`` have been.

    In every pass a text comes up weight / `MEAN` times: systematic sampling with a start that its bytes decide, so
    that over several passes the share is exact. The order of a pass is that of hashes.

    Raises:
        NothingToTrain: there are no texts, or texts without tokens.
    """
    if not texts or not any(text.tokens and text.weight > 0 for text in texts):
        raise NothingToTrain("no text of a cohort may be trained on")
    order: list[int] = []
    read = 0
    for number in _passes(texts):
        if read >= tokens:
            return order
        order.append(number)
        read += texts[number].tokens
    raise AssertionError("passes do not end")


def _passes(texts: Sequence[Text]) -> Iterator[int]:
    starts = [_number(b"start", text.key) * MEAN // _WHOLE for text in texts]
    turn = 0
    while True:
        due: list[tuple[bytes, int, int]] = []
        for number, text in enumerate(texts):
            before, after = ((starts[number] + text.weight * n) // MEAN for n in (turn, turn + 1))
            due += [(_place(text.key, turn, copy), text.weight, number) for copy in range(after - before)]
        yield from (number for _, _, number in sorted(due))
        turn += 1


def plan_digest(recipe: TrainingRecipe, model: str, engine: str, texts: Sequence[Text]) -> str:
    """SHA-256 of everything that decides about a cohort's term: recipe, base model, engine class and its texts.

    It follows from kept bytes without a salt, so it stays in the home and goes with an erasure.
    """
    lines = sorted((text.key.hex(), text.weight) for text in texts)
    return digest(
        {"recipe": recipe.identity, "model": model, "engine": engine, "texts": [[key, weight] for key, weight in lines]}
    )


def blocks(stream: Iterator[int], length: int, count: int) -> list[list[int]]:
    """``count`` sequences of ``length`` tokens, cut from a stream that has enough."""
    return [[next(stream) for _ in range(length)] for _ in range(count)]


def share(part: int, whole: int) -> Decimal:
    """A part of a whole; 0 of nothing."""
    return Decimal(part) / whole if whole else Decimal(0)


def _number(about: bytes, key: bytes) -> int:
    return int.from_bytes(hashlib.sha256(about + b"\n" + key).digest()[:8], "big")


def _place(key: bytes, turn: int, copy: int) -> bytes:
    return hashlib.sha256(b"order\n" + key + turn.to_bytes(8, "big") + copy.to_bytes(8, "big")).digest()
