"""The one combiner: side by side is exact, factorised again is the best of its rank."""

import numpy as np
import pytest

from compute_mesh.adapters.combining import factorised, side_by_side
from compute_mesh.adapters.gguf import InvalidAdapter, Term

PART = "base_model.model.model.layers.0.self_attn.q_proj"


def term(seed: int, rank: int = 3, scale: float = 0.25, part: str = PART) -> Term:
    dice = np.random.default_rng(seed)
    tensors = {
        f"{part}.lora_A.weight": dice.normal(size=(rank, 12)).astype(np.float32),
        f"{part}.lora_B.weight": dice.normal(size=(8, rank)).astype(np.float32),
    }
    return Term(tensors, alpha=2.0 * rank, rank=rank, scale=scale)


def whole(one: Term) -> np.ndarray:
    return one.factor * one.tensors[f"{PART}.lora_B.weight"] @ one.tensors[f"{PART}.lora_A.weight"]


def test_side_by_side_is_the_sum() -> None:
    terms = [term(1), term(2, rank=2), term(3, scale=0.5)]
    joined = side_by_side(terms)
    assert joined.rank == 8
    assert joined.factor == 1
    np.testing.assert_allclose(whole(joined), sum(whole(one) for one in terms), rtol=1e-5, atol=1e-5)


def test_a_missing_term_does_not_change_the_others() -> None:
    """Nothing is made larger because one is gone."""
    both, one = side_by_side([term(1), term(2)]), side_by_side([term(1)])
    np.testing.assert_array_equal(both.tensors[f"{PART}.lora_B.weight"][:, :3], one.tensors[f"{PART}.lora_B.weight"])


@pytest.mark.parametrize("rank", [1, 4, 6, 99])
def test_factorised_is_the_best_of_its_rank(rank: int) -> None:
    """Against NumPy's own singular values of the whole matrix."""
    terms = [term(1), term(2)]
    found, lost = factorised(terms, rank)
    wanted = sum(whole(one) for one in terms)
    values = np.linalg.svd(wanted.astype(np.float64), compute_uv=False)
    kept = min(rank, 6)
    assert found.rank == kept
    rest = float((values[kept:] ** 2).sum() / (values**2).sum())
    assert lost == pytest.approx(rest, abs=1e-6)
    assert np.linalg.norm(whole(found) - wanted) ** 2 / np.linalg.norm(wanted) ** 2 == pytest.approx(rest, abs=1e-5)


def test_factorised_gives_the_same_bytes_each_time() -> None:
    one, other = (factorised([term(1), term(2)], 2)[0].tensors for _ in range(2))
    assert all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidAdapter, match="at least one"):
        side_by_side([])
    with pytest.raises(InvalidAdapter, match="same parts"):
        side_by_side([term(1), term(2, part=PART.replace("q_proj", "v_proj"))])
    broken = term(1)
    half = Term({name: t for name, t in broken.tensors.items() if "lora_A" in name}, 1, 3)
    with pytest.raises(InvalidAdapter, match="belong together"):
        side_by_side([half])
