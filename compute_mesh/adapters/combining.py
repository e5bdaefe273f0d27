"""The one combiner: several adapters as one, either side by side or factorised again at a lower rank.

Side by side is exact: the ranks of all terms, each multiplied with its own factor. Single terms can be cut out of it,
so it stays where the texts may be read. Factorised again, the terms are mixed; what is lost is measured, not promised.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from compute_mesh.adapters.gguf import InvalidAdapter, Term

Matrix = np.ndarray[Any, np.dtype[Any]]
_A: Final = ".lora_A.weight"
_B: Final = ".lora_B.weight"


def side_by_side(terms: Sequence[Term]) -> Term:
    """The sum of ``terms`` as one adapter whose rank is the sum of ranks; alpha equals the rank, so its factor is one.

    Raises:
        InvalidAdapter: no terms, or terms that adapt different parts of the model.
    """
    parts = _parts(terms)
    tensors: dict[str, Matrix] = {}
    for part in parts:
        lefts = [np.asarray(term.tensors[part + _A], np.float32) for term in terms]
        rights = [np.asarray(term.tensors[part + _B], np.float32) * np.float32(term.factor) for term in terms]
        tensors[part + _A] = np.concatenate(lefts, axis=0)
        tensors[part + _B] = np.concatenate(rights, axis=1)
    rank = sum(term.rank for term in terms)
    return Term(tensors, alpha=float(rank), rank=rank)


def factorised(terms: Sequence[Term], rank: int) -> tuple[Term, float]:
    """The sum of ``terms`` as one adapter of at most ``rank``, and the share of it that was lost (0 to 1).

    The best approximation of each part in the Frobenius norm (Eckart and Young), by QR of the stacked halves and the
    singular values of the small core; both halves get the root of the singular values. The share is of squared norms,
    over all parts.

    Raises:
        InvalidAdapter: as `side_by_side`.
    """
    joined = side_by_side(terms)
    kept = min(rank, joined.rank)
    tensors: dict[str, Matrix] = {}
    lost = whole = 0.0
    for part in _parts([joined]):
        left, right, values = _factorised(joined.tensors[part + _A], joined.tensors[part + _B], kept)
        tensors[part + _A], tensors[part + _B] = left, right
        whole += float((values**2).sum())
        lost += float((values[kept:] ** 2).sum())
    return Term(tensors, alpha=float(kept), rank=kept), lost / whole if whole else 0.0


def _factorised(left: Matrix, right: Matrix, rank: int) -> tuple[Matrix, Matrix, Matrix]:
    """Halves of ``right @ left`` cut to ``rank``, and all singular values."""
    column, upper = np.linalg.qr(right.astype(np.float64))
    row, lower = np.linalg.qr(left.astype(np.float64).T)
    one, values, other = np.linalg.svd(upper @ lower.T)
    root = np.sqrt(values[:rank])
    turned = _signs(one[:, :rank])
    new_right = column @ (one[:, :rank] * turned * root)
    new_left = (root[:, None] * turned[:, None] * other[:rank]) @ row.T
    return new_left.astype(np.float32), new_right.astype(np.float32), values


def _signs(vectors: Matrix) -> Matrix:
    """Singular vectors come with either sign: the largest number of each is made positive."""
    largest = np.abs(vectors).argmax(axis=0)
    signs: Matrix = np.where(vectors[largest, np.arange(vectors.shape[1])] < 0, -1.0, 1.0)
    return signs


def _parts(terms: Sequence[Term]) -> list[str]:
    """The adapted parts of the model, the same in every term."""
    if not terms:
        raise InvalidAdapter("a sum needs at least one adapter")
    each = [_parts_of(term.tensors) for term in terms]
    if any(parts != each[0] for parts in each):
        raise InvalidAdapter("the adapters of a sum must adapt the same parts of the model")
    return each[0]


def _parts_of(tensors: Mapping[str, Matrix]) -> list[str]:
    parts = sorted(name.removesuffix(_A) for name in tensors if name.endswith(_A))
    if sorted(tensors) != sorted([part + _A for part in parts] + [part + _B for part in parts]):
        raise InvalidAdapter("lora_A and lora_B belong together, and one of them is missing")
    return parts
