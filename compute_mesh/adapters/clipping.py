"""How much one adapter changes a model, and holding it to a bound: no single term is louder than others may be.

The norm is that of what is added to the weights, over all adapted parts together: the root of the sum of the squared
Frobenius norms of ``factor * B A``, found from the small products of the halves without ever making the large one.
"""

import math
from dataclasses import replace
from typing import Final

import numpy as np

from compute_mesh.adapters.gguf import InvalidAdapter, Term

#: Clipped halves are rounded to single precision: by so much a clipped term may stand above its bound.
ROUNDING: Final = 1e-5
_A: Final = ".lora_A.weight"
_B: Final = ".lora_B.weight"


def norm_of(term: Term) -> float:
    """The norm of what a term adds to the model, its scale included.

    Raises:
        InvalidAdapter: a half without the other, or a number that is not finite.
    """
    squared = 0.0
    for name in sorted(term.tensors):
        if not name.endswith(_A):
            continue
        part = name.removesuffix(_A)
        if part + _B not in term.tensors:
            raise InvalidAdapter("lora_A and lora_B belong together, and one of them is missing")
        left, right = (np.asarray(term.tensors[part + half], np.float64) for half in (_A, _B))
        squared += float(((right.T @ right) * (left @ left.T)).sum())
    if not math.isfinite(squared):
        raise InvalidAdapter("a number that is not finite")
    return math.sqrt(max(0.0, squared)) * abs(term.factor)


def clipped(term: Term, bound: float) -> tuple[Term, bool]:
    """The term, made smaller as a whole where its norm is above ``bound``; and whether it was.

    Raises:
        InvalidAdapter: as `norm_of`.
    """
    norm = norm_of(term)
    if norm <= bound:
        return term, False
    smaller = np.float32(bound / norm)
    tensors = {
        name: np.asarray(tensor, np.float32) * (smaller if name.endswith(_B) else np.float32(1))
        for name, tensor in term.tensors.items()
    }
    return replace(term, tensors=tensors), True
