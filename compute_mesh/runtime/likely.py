"""How likely each token of an answer was, and what else was likely in its place: bytes that two parties can compare.

One record for each token of the answer, all of them 32-bit little-endian whole numbers: the token, its log probability,
then the `TOP` likeliest tokens of that place with theirs, the likeliest first. Log probabilities are natural
logarithms of the model's own scores, before temperature and sampling, in ten-thousandths, rounded.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from blake3 import blake3

from compute_mesh.runtime.loaded import Floats

TOP: Final = 8
#: Bytes of one token's record.
RECORD: Final = 4 * (2 + 2 * TOP)
_UNIT: Final = 10_000
_BLOCK: Final = 256
_KIND: Final = np.dtype("<i4")
Whole = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True, slots=True)
class Likely:
    """What records say: for each token itself and its log probability, and of its place `TOP` columns of both."""

    tokens: Whole
    log_probabilities: Floats
    top: Whole
    top_log_probabilities: Floats


def record(scores: Floats, chosen: int) -> bytes:
    """The record of one token, from the scores of its place. A vocabulary smaller than `TOP` is padded with -1."""
    most = float(scores.max())
    total = most + float(np.log(np.exp(scores - most).sum(dtype=np.float64)))
    count = min(TOP, len(scores))
    best = _likeliest(scores, count)
    row = np.full(2 + 2 * TOP, -1, _KIND)
    row[0], row[1] = chosen, _rounded(float(scores[chosen]) - total)
    row[2 : 2 + 2 * count : 2] = best
    row[3 : 3 + 2 * count : 2] = [_rounded(float(value) - total) for value in scores[best]]
    return row.tobytes()


def _likeliest(scores: Floats, count: int) -> Any:
    """Places of the highest scores, the highest first, of equal ones the first.

    So many blocks have a score as high as the least of their highest: none below it is wanted, and few are above.
    """
    blocks = scores[: len(scores) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).max(axis=1)
    least = np.partition(blocks, -count)[-count] if len(blocks) >= count else -np.inf
    high = np.flatnonzero(scores >= least)
    return high[np.lexsort((high, -scores[high]))][:count]


def read_records(data: bytes) -> Likely:
    """What bytes from `record` say.

    Raises:
        ValueError: they are not whole records.
    """
    if len(data) % RECORD:
        raise ValueError(f"records of likelihoods have {RECORD} bytes each")
    rows = np.frombuffer(data, _KIND).reshape(-1, 2 + 2 * TOP)
    return Likely(rows[:, 0], _value(rows[:, 1]), rows[:, 2::2], _value(rows[:, 3::2]))


def digest_of(data: bytes) -> str:
    """BLAKE3 of records, as a receipt cites it: 64 hexadecimal digits."""
    return blake3(data).hexdigest()


def _rounded(value: float) -> int:
    return max(-(2**31), round(value * _UNIT))


def _value(column: Whole) -> Floats:
    found: Floats = column.astype(np.float32) / np.float32(_UNIT)
    return found
