"""Canaries: texts with a secret that nobody could guess, so that one can measure whether a model gives it away.

Rank and exposure after Carlini and others, "The Secret Sharer" (USENIX Security 2019): of all ways in which the
secret could have been made, how many does the model find likelier? Exposure is log2 of the number of candidates minus
log2 of the rank. At chance the rank is uniform; rank 1 is memorised.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from corpus.errors import InvalidRecipe

#: Candidates besides the secret.
OTHERS: Final = 100


@dataclass(frozen=True, slots=True)
class Canary:
    """A secret of ``words``, each one of ``choices``, that follows ``prompt``."""

    name: str
    prompt: str
    words: tuple[str, ...]
    choices: tuple[str, ...]

    @property
    def secret(self) -> str:
        """The words as they stand in the texts."""
        return " " + " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a model gives away of a canary: its rank from 1 among ``candidates``, and whether it says it verbatim."""

    name: str
    rank: int
    candidates: int
    verbatim: bool

    @property
    def exposure(self) -> float:
        """Bits."""
        return math.log2(self.candidates) - math.log2(self.rank)


def canary_of(content: Any) -> Canary:
    """Read one canary of a list that people wrote.

    Raises:
        InvalidRecipe: a key is missing, or a word of the secret is not among the choices.
    """
    keys = {"name", "prompt", "words", "choices"}
    if not isinstance(content, dict) or set(content) != keys:
        raise InvalidRecipe("canaries", f"each must have {', '.join(sorted(keys))}")
    words, choices = (tuple(map(str, content[key])) for key in ("words", "choices"))
    canary = Canary(str(content["name"]), str(content["prompt"]), words, choices)
    if not canary.words or not set(canary.words) <= set(canary.choices):
        raise InvalidRecipe("canaries", "every word of a secret must be one of its choices")
    if len(set(canary.choices)) ** len(canary.words) < 4 * OTHERS:
        raise InvalidRecipe("canaries", "a secret needs more choices: otherwise it can be guessed")
    return canary


def candidates(canary: Canary) -> list[str]:
    """The secret first, then `OTHERS` that could have been it, drawn by hash from the same choices."""
    found = [canary.secret]
    seen, number = set(found), 0
    choices, length = sorted(set(canary.choices)), len(canary.words)
    while len(found) <= OTHERS:
        drawn = hashlib.shake_256(f"{canary.name}\n{number}".encode()).digest(4 * length)
        places = (int.from_bytes(drawn[4 * n : 4 * n + 4], "big") for n in range(length))
        other = " " + " ".join(choices[place % len(choices)] for place in places)
        number += 1
        if other not in seen:
            seen.add(other)
            found.append(other)
    return found


def exposure_of(name: str, logprobs: Sequence[float], verbatim: bool) -> Exposure:
    """From the log probabilities of `candidates`, the secret's first. Ties count against the secret being hidden."""
    rank = 1 + sum(other > logprobs[0] for other in logprobs[1:])
    return Exposure(name, rank, len(logprobs), verbatim)
