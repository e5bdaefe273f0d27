"""Scoring a given text: how likely a model finds each of its tokens, read in one go (teacher forcing)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from compute_mesh.runtime.loaded import Floats, Loaded

#: Tokens whose scores are computed at once: their table (49,000 words) stays near the processor.
_TOGETHER: Final = 64
Ints = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True, slots=True)
class Scored:
    """How likely a text is.

    Attributes:
        log_probabilities: of each token, natural logarithms, in their order.
        top: for each token the likeliest tokens in its place, and top_log_probabilities theirs; shape (tokens, k).
        bytes: of the text in UTF-8.
    """

    log_probabilities: Floats
    top: Ints
    top_log_probabilities: Floats
    bytes: int

    @property
    def tokens(self) -> int:
        """How many tokens were scored: all of the text."""
        return len(self.log_probabilities)

    @property
    def nats(self) -> float:
        """The surprise of the whole text, in natural logarithms."""
        return -float(self.log_probabilities.sum(dtype=np.float64))

    @property
    def bits_per_byte(self) -> float:
        """The surprise for each byte, in bits; comparable between models with other tokens."""
        return self.nats / math.log(2) / self.bytes if self.bytes else 0.0


def score_text(loaded: Loaded, text: str, top: int = 0) -> Scored:
    """Score every token of ``text``, after the token that stands before a text (it is not counted)."""
    return score_tokens(loaded, loaded.first, loaded.tokens(text), top, len(text.encode("utf-8")))


def score_tokens(
    loaded: Loaded, before: Sequence[int], tokens: Sequence[int], top: int = 0, size: int | None = None
) -> Scored:
    """Score ``tokens`` given that ``before`` was read.

    What is longer than the context is read in windows: each begins with the half of a context that came before.

    Args:
        top: how many of the likeliest tokens to give in each place.
        size: bytes of the text; None: of the tokens' own text.
    """
    if not before:
        before, tokens = tokens[:1], tokens[1:]
    window = _Window(loaded, top)
    whole, start = [*before, *tokens], len(before)
    while start < len(whole):
        begin = 0 if len(whole) <= loaded.context else max(0, start - loaded.context // 2)
        end = min(len(whole), begin + loaded.context)
        window.read(whole[begin:end], start - begin)
        start = end
    size = len(b"".join(map(loaded.piece, tokens))) if size is None else size
    return window.scored(size)


def passes(
    loaded: Loaded, tokens: Sequence[int], first: int = 0, together: int = _TOGETHER
) -> Iterator[tuple[int, Floats]]:
    """Read ``tokens`` from nothing on: (place, scores of what may follow it and those after it), from ``first`` on.

    ``together`` of them are read in one pass at most.

    The scores are a view, valid until the next is asked for.
    """
    loaded.forget()
    loaded.read(tokens[:first])
    batch = loaded.api.llama_batch_init(together, 0, 1)
    try:
        for start in range(first, len(tokens), together):
            part = tokens[start : start + together]
            for place, token in enumerate(part):
                batch.token[place], batch.pos[place] = token, start + place
                batch.n_seq_id[place], batch.seq_id[place][0], batch.logits[place] = 1, 0, 1
            batch.n_tokens = len(part)
            loaded.decode(batch)
            yield start, loaded.scores(len(part))
    finally:
        loaded.api.llama_batch_free(batch)


class _Window:
    def __init__(self, loaded: Loaded, top: int) -> None:
        self.loaded = loaded
        self.top = min(top, loaded.words)
        self.found: list[Floats] = []
        self.best: list[Ints] = []
        self.values: list[Floats] = []
        self.space = np.empty((_TOGETHER, loaded.words), np.float32)

    def read(self, tokens: Sequence[int], first: int) -> None:
        """Read ``tokens`` from nothing on, and keep the likelihood of those from ``first`` on."""
        for start, scores in passes(self.loaded, tokens[:-1], first - 1):
            self.keep(scores, tokens[start + 1 : start + 1 + len(scores)])

    def keep(self, scores: Floats, following: Sequence[int]) -> None:
        rows = len(scores)
        space = self.space[:rows]
        most = scores.max(axis=1, keepdims=True)
        np.subtract(scores, most, out=space)
        np.exp(space, out=space)
        total = (most[:, 0] + np.log(space.sum(axis=1))).astype(np.float32)
        self.found.append(scores[np.arange(rows), following] - total)
        if self.top:
            best = np.argpartition(scores, -self.top, axis=1)[:, -self.top :]
            values = np.take_along_axis(scores, best, axis=1)
            order = np.argsort(-values, axis=1, kind="stable")
            self.best.append(np.take_along_axis(best, order, axis=1).astype(np.int32))
            self.values.append(np.take_along_axis(values, order, axis=1) - total[:, None])

    def scored(self, size: int) -> Scored:
        def joined(parts: list[Any], kind: Any) -> Any:
            return np.concatenate(parts) if parts else np.zeros((0, self.top), kind)

        found = np.concatenate(self.found) if self.found else np.zeros(0, np.float32)
        return Scored(found, joined(self.best, np.int32), joined(self.values, np.float32), size)
