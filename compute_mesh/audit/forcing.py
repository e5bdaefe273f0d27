"""Reading an answer again by teacher forcing: one pass over prompt and answer, and how well each token fits.

The auditor writes nothing: it reads what the worker says was written, which costs a fraction of writing it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from compute_mesh.audit.claims import Claim, totals
from compute_mesh.audit.replaying import distance, draws
from compute_mesh.runtime.loaded import Floats, Loaded
from compute_mesh.runtime.scoring import passes

#: A place of an answer that does not tell at all: as far off as anything can be.
_FAR: Final = 1e9
#: Places that are read in one pass. From 64 on llama.cpp takes another kernel for attention than for writing, which
#: rounds otherwise: 0.07 nats on average, as much as another engine class.
_TOGETHER: Final = 32


@dataclass(frozen=True, slots=True)
class Forced:
    """How well each place of an answer fits, one number for each.

    Attributes:
        misfit: at temperature 0 how much less likely the token is than the likeliest, in nats; else the distance of
            the draw from the token's part (see `replaying`), between 0 and 1.
        drift: mean absolute difference of the log probabilities of those likeliest tokens that worker and auditor
            both name, in nats; empty where the worker kept none.
    """

    misfit: Floats
    drift: Floats


def force(loaded: Loaded, claim: Claim) -> Forced:
    """Read the answer of ``claim`` after its prompt, with the adapters that ``loaded`` uses.

    Raises:
        TooLarge: it does not fit into the context. ValueError: a token that the model does not have.
    """
    tokens = claim.tokens
    if not all(0 <= token < loaded.words for token in (*claim.prompt, *tokens)):
        raise ValueError("a token that the model does not have")
    ended = claim.finish == "end"
    places = len(tokens) + ended
    read = [*claim.prompt, *tokens][: len(claim.prompt) - 1 + places]
    greedy = claim.sampling.temperature <= 0
    chance = draws(claim.sampling.seed, places)
    misfit, drift = np.zeros(places, np.float32), np.full(places, np.nan, np.float32)
    place = 0
    for _, scores in passes(loaded, read, len(claim.prompt) - 1, _TOGETHER):
        total = totals(scores)
        for row, sum_of_row in zip(scores, total, strict=True):
            chosen = tokens[place] if place < len(tokens) else _likeliest_end(loaded, row)
            if greedy:
                misfit[place] = row.max() - row[chosen]
            else:
                misfit[place] = distance(row, chosen, float(chance[place]), claim.sampling)
            if place < len(claim.top):
                drift[place] = _drift(row - sum_of_row, claim, place)
            place += 1
    return Forced(misfit, drift[: len(claim.top)] if len(claim.top) else np.zeros(0, np.float32))


def _likeliest_end(loaded: Loaded, scores: Floats) -> int:
    ends = loaded.endings
    return int(ends[np.argmax(scores[ends])])


def _drift(mine: Floats, claim: Claim, place: int) -> float:
    """Mean absolute difference over the tokens that both find among the likeliest."""
    theirs, values = claim.top[place], claim.top_log_probabilities[place]
    if not np.isfinite(values).all() or ((theirs < 0) | (theirs >= len(mine))).any():
        return _FAR
    most = len(theirs)
    least = np.partition(mine, -most)[-most]
    shared = mine[theirs] >= least
    if not shared.any():
        return _FAR
    return float(np.abs(mine[theirs[shared]] - values[shared]).mean())
