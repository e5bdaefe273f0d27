"""What a worker says about one answer: its tokens and, for each place, the likeliest tokens that it saw there.

The worker commits to the places in its receipt (an RFC 6962 root) before anybody asks for one, and shows all of them,
or some with their paths, to the auditor.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from compute_mesh.runtime.loaded import Floats
from compute_mesh.runtime.sampling import Sampling
from compute_mesh.runtime.writing import Finish, Watch
from substrate.record.merkle import tree_root

#: How many of the likeliest tokens are kept for each place.
TOP: Final = 8
_PLACE: Final = struct.Struct(">III")
_ONE: Final = struct.Struct(">If")

Ints = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True, slots=True)
class Claim:
    """One answer as its worker tells it.

    Attributes:
        prompt, tokens: as the model reads and writes them; what ended the answer is not among the tokens.
        finish: why it ended. sampling: how it was written; ``sampling.seed`` is that of this answer.
        top, top_log_probabilities: shape (places, `TOP`), likeliest first; a place for each token, and one for the
            token that ended the answer. No rows where nothing was kept.
    """

    prompt: tuple[int, ...]
    tokens: tuple[int, ...]
    finish: Finish
    sampling: Sampling
    top: Ints = field(default_factory=lambda: np.zeros((0, TOP), np.int32))
    top_log_probabilities: Floats = field(default_factory=lambda: np.zeros((0, TOP), np.float32))


class Recorder:
    """Keeps the likeliest tokens of each place while answers are written: give `watch` to the runtime."""

    def __init__(self, texts: int = 1) -> None:
        """``texts``: how many answers are written at once."""
        self._top: list[list[Ints]] = [[] for _ in range(texts)]
        self._values: list[list[Floats]] = [[] for _ in range(texts)]

    @property
    def watch(self) -> Watch:
        """What hears each choice."""
        return self._keep

    def _keep(self, number: int, token: int, scores: Floats) -> None:
        best, values = likeliest(scores[None, :], TOP)
        self._top[number].append(best[0])
        self._values[number].append(values[0])

    def claim(
        self, number: int, prompt: Sequence[int], tokens: Sequence[int], finish: Finish, sampling: Sampling
    ) -> Claim:  # fmt: skip
        """The claim about answer ``number``."""
        kept = self._top[number]
        top = np.stack(kept) if kept else np.zeros((0, TOP), np.int32)
        values = np.stack(self._values[number]) if kept else np.zeros((0, TOP), np.float32)
        return Claim(tuple(prompt), tuple(tokens), finish, sampling, top, values)


def likeliest(scores: Floats, most: int) -> tuple[Ints, Floats]:
    """For each row of ``scores`` the likeliest tokens and their log probabilities, both (rows, ``most``), in order."""
    best = np.argpartition(scores, -most, axis=1)[:, -most:]
    values = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    top = np.take_along_axis(best, order, axis=1).astype(np.int32)
    return top, (np.take_along_axis(values, order, axis=1) - totals(scores)[:, None]).astype(np.float32)


def totals(scores: Floats) -> Floats:
    """Of each row, the logarithm of the sum of the exponentials."""
    most = scores.max(axis=1)
    total: Floats = most + np.log(np.exp(scores - most[:, None]).sum(axis=1, dtype=np.float64)).astype(np.float32)
    return total


def leaves(claims: Sequence[Claim]) -> list[bytes]:
    """What a receipt's ``evidence`` is the RFC 6962 root over: each place of each answer, in order.

    A leaf is three big-endian words (number of the answer, place, its token; 2^32-1 for what ended it) and, for each of
    the likeliest tokens, its number and the log probability as a big-endian binary32.
    """
    found = []
    for number, claim in enumerate(claims):
        for place in range(len(claim.top)):
            token = claim.tokens[place] if place < len(claim.tokens) else 2**32 - 1
            pairs = zip(claim.top[place], claim.top_log_probabilities[place], strict=True)
            found.append(_PLACE.pack(number, place, token) + b"".join(_ONE.pack(int(t), float(v)) for t, v in pairs))
    return found


def evidence_root(claims: Sequence[Claim]) -> str:
    """The root over `leaves`, 64 hexadecimal digits: the ``evidence`` of a receipt."""
    return tree_root(leaves(claims)).hex()
