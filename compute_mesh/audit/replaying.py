"""The choice of a sampled token, repeated: llama.cpp draws one number for each token from a seeded generator.

A token is chosen where the draw falls into its part of the cumulative distribution. Whoever has nearly the same scores
finds the same parts, nearly; so the distance between draw and part says how well a token fits, and needs no equality.

Source: llama.cpp's samplers top-k, top-p, temp and dist, in the order of `compute_mesh.runtime.sampling.Chooser`;
the draws are those of std::mt19937 with std::uniform_real_distribution<double> (two words for each, the lower first).
The idea is that of Token-DiFR (arXiv 2511.20621), which does it for another sampler.
"""

from typing import Any

import numpy as np

from compute_mesh.runtime.loaded import Floats
from compute_mesh.runtime.sampling import Sampling

Doubles = np.ndarray[Any, np.dtype[np.float64]]


def draws(seed: int, count: int) -> Doubles:
    """The first ``count`` numbers in [0, 1) that the sampler draws with ``seed``."""
    generator = np.random.RandomState(seed & 0xFFFFFFFF)
    words = generator.randint(0, 2**32, size=2 * count, dtype=np.uint32).astype(np.float64)
    found: Doubles = (words[0::2] + words[1::2] * 2.0**32) / 2.0**64
    return found


def distance(scores: Floats, token: int, draw: float, sampling: Sampling) -> float:
    """How far ``draw`` lies from the part of the cumulative distribution that belongs to ``token``; 0: inside.

    A token outside the tokens that are chosen from would come after the last of them, so it is 1 - draw away.

    Args:
        scores: of every token of the vocabulary, as the model gives them.
    """
    count = min(sampling.top_k, len(scores)) if sampling.top_k > 0 else len(scores)
    best = np.argpartition(scores, -count)[-count:]
    best = best[np.argsort(-scores[best], kind="stable")]
    values = scores[best].astype(np.float64)
    if sampling.top_p < 1:
        plain = np.exp(values - values[0])
        whole = np.cumsum(plain / plain.sum())
        kept = int(np.searchsorted(whole, sampling.top_p)) + 1
        best, values = best[:kept], values[:kept]
    parts = np.exp((values - values[0]) / sampling.temperature)
    upper = np.cumsum(parts / parts.sum())
    places = np.flatnonzero(best == token)
    if not len(places):
        return 1.0 - draw
    place = int(places[0])
    lower = float(upper[place - 1]) if place else 0.0
    return max(0.0, lower - draw, draw - float(upper[place]))
