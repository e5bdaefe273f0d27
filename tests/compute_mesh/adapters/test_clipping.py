"""How loud a term is, and that none is louder than its bound."""

import numpy as np
import pytest

from compute_mesh.adapters.clipping import ROUNDING, clipped, norm_of
from compute_mesh.adapters.gguf import InvalidAdapter, Term

PARTS = [f"base_model.model.model.layers.{n}.self_attn.q_proj" for n in range(3)]


def term(seed: int = 1, rank: int = 3, alpha: float = 6.0) -> Term:
    dice = np.random.default_rng(seed)
    tensors = {}
    for part in PARTS:
        tensors[f"{part}.lora_A.weight"] = dice.normal(size=(rank, 12)).astype(np.float32)
        tensors[f"{part}.lora_B.weight"] = dice.normal(size=(8, rank)).astype(np.float32)
    return Term(tensors, alpha=alpha, rank=rank)


def added(one: Term) -> np.ndarray:
    """Everything that is added to the model, in one row."""
    products = [one.tensors[f"{part}.lora_B.weight"] @ one.tensors[f"{part}.lora_A.weight"] for part in PARTS]
    return one.factor * np.concatenate([product.ravel() for product in products])


def test_the_norm_is_that_of_what_is_added() -> None:
    assert norm_of(term()) == pytest.approx(np.linalg.norm(added(term())), rel=1e-5)


@pytest.mark.parametrize("bound", [0.001, 1.0, 20.0])
def test_a_loud_term_is_made_smaller_as_a_whole(bound: float) -> None:
    smaller, was = clipped(term(), bound)
    assert was
    assert norm_of(smaller) <= bound * (1 + ROUNDING)
    share = bound / norm_of(term())
    np.testing.assert_allclose(added(smaller), added(term()) * share, rtol=1e-4, atol=1e-7)


def test_a_quiet_term_stays_as_it_is() -> None:
    quiet = term()
    assert clipped(quiet, norm_of(quiet) + 1) == (quiet, False)


def test_what_is_no_term_has_no_norm() -> None:
    half = {name: tensor for name, tensor in term().tensors.items() if name.endswith("lora_A.weight")}
    with pytest.raises(InvalidAdapter, match="belong together"):
        norm_of(Term(half, 6.0, 3))
    wild = dict(term().tensors)
    wild[f"{PARTS[0]}.lora_A.weight"] = np.full((3, 12), np.nan, np.float32)
    with pytest.raises(InvalidAdapter, match="not finite"):
        clipped(Term(wild, 6.0, 3), 1.0)
