"""Audits of what is computed again: vectors of some texts (type B), scores of some (type D), a segment of training (C).

Which texts is drawn by the beacon that drew the auditor; which segment by the submitter's lot as checkpoints come, for
it keeps one of them. So the worker knew neither.
"""

import hashlib
from typing import Any, Final

import numpy as np

from compute_mesh.audit.verdicts import Finding
from compute_mesh.runtime.loaded import Floats

#: The largest distance (1 - cosine) between two honest vectors of a text: half precision against single has under
#: 0.0005, dynamic int8, which is another model, 0.08 (FINDINGS of the embedding benchmark).
COSINE: Final = 0.002
#: How far the length of a vector may be from 1: half-precision floats of 384 numbers stay far below.
LENGTH: Final = 0.01
#: The largest mean difference of nats per token between two honest readings of a text by one model.
NATS: Final = 0.05
#: Texts of a sample with which one can say more than that nothing was found.
LEAST: Final = 8
_SAMPLE: Final = b"lecs/audit-sample/1\n"


def sample(receipt: str, beacon: str, count: int, most: int) -> list[int]:
    """``most`` of the numbers 0 to ``count`` - 1 that both digests draw, in ascending order."""
    seed = _SAMPLE + bytes.fromhex(receipt + beacon)
    order = sorted(range(count), key=lambda number: hashlib.sha256(seed + number.to_bytes(8, "big")).digest())
    return sorted(order[:most])


def judge_vectors(claimed: Floats, mine: Floats) -> Finding:
    """Vectors of the same texts, one row each: by the largest distance; a vector that has not length 1 is none.

    Raises:
        ValueError: the shapes differ.
    """
    if claimed.shape != mine.shape:
        raise ValueError(f"vectors of shape {claimed.shape}, and {mine.shape} were computed")
    theirs, ours = claimed.astype(np.float64), mine.astype(np.float64)
    lengths = np.linalg.norm(theirs, axis=1)
    if not np.isfinite(theirs).all() or (np.abs(lengths - 1) > LENGTH).any():
        return Finding("cosine", 2.0, COSINE, len(claimed), "inconsistent")
    cosines = (theirs * ours).sum(axis=1) / np.maximum(lengths * np.linalg.norm(ours, axis=1), 1e-12)
    return _found("cosine", float((1 - cosines).max(initial=0.0)), COSINE, len(claimed))


def judge_scores(claimed: Floats, mine: Floats, tokens: "np.ndarray[Any, np.dtype[np.int64]]") -> Finding:
    """Nats of the same texts: by the mean difference for each token.

    Raises:
        ValueError: the shapes differ.
    """
    if not claimed.shape == mine.shape == tokens.shape:
        raise ValueError("claimed, computed and counted texts are not as many")
    if not np.isfinite(claimed).all():
        return Finding("nats", 2.0, NATS, len(claimed), "inconsistent")
    value = float(np.abs(claimed - mine).sum(dtype=np.float64) / max(int(tokens.sum()), 1))
    return _found("nats", value, NATS, len(claimed))


def judge_segment(claimed: str, mine: str, tokens: int, *, same_class: bool) -> Finding:
    """The root of a checkpoint, or of the term, after a segment of ``tokens`` was trained again.

    Within a class roots are equal; between classes they say nothing.
    """
    differs = float(claimed != mine)
    if not same_class:
        return Finding("segment", differs, 0.0, tokens, "inconclusive")
    return Finding("segment", differs, 0.0, tokens, "inconsistent" if differs else "consistent")


def _found(statistic: Any, value: float, bound: float, texts: int) -> Finding:
    if value > bound:
        return Finding(statistic, value, bound, texts, "inconsistent")
    return Finding(statistic, value, bound, texts, "consistent" if texts >= LEAST else "inconclusive")
