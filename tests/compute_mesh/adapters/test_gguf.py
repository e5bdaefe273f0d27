"""LoRA tensors of PEFT become a GGUF adapter: the right names, rows and scale, and the same bytes each time."""

import hashlib
from pathlib import Path

import gguf
import numpy as np
import pytest

from compute_mesh.adapters.gguf import InvalidAdapter, Term, write_adapter, write_joined

HEADS, KV_HEADS, WIDTH, RANK = 4, 2, 16, 3
#: (PEFT's name, llama.cpp's, columns, rows)
PARTS = [
    ("self_attn.q_proj", "attn_q", WIDTH, WIDTH),
    ("self_attn.k_proj", "attn_k", WIDTH, WIDTH // 2),
    ("self_attn.v_proj", "attn_v", WIDTH, WIDTH // 2),
    ("self_attn.o_proj", "attn_output", WIDTH, WIDTH),
    ("mlp.gate_proj", "ffn_gate", WIDTH, 40),
    ("mlp.up_proj", "ffn_up", WIDTH, 40),
    ("mlp.down_proj", "ffn_down", 40, WIDTH),
]


def peft(seed: int = 0, rank: int = RANK, infix: str = "") -> dict[str, np.ndarray]:
    chance = np.random.default_rng(seed)
    tensors = {}
    for layer in (0, 10, 2):
        for name, _, columns, rows in PARTS:
            whole = f"base_model.model.model.layers.{layer}.{name}"
            tensors[f"{whole}.lora_A{infix}.weight"] = chance.normal(size=(rank, columns)).astype(np.float32)
            tensors[f"{whole}.lora_B{infix}.weight"] = chance.normal(size=(rows, rank)).astype(np.float32)
    return tensors


def read(path: Path) -> tuple[dict[str, np.ndarray], float]:
    reader = gguf.GGUFReader(path)
    alpha = float(reader.fields["adapter.lora.alpha"].parts[-1][0])
    return {tensor.name: np.array(tensor.data) for tensor in reader.tensors}, alpha


def weight(tensors: dict[str, np.ndarray], name: str, alpha: float) -> np.ndarray:
    """What llama.cpp adds to a weight, at scale one."""
    left, right = tensors[f"{name}.lora_a"].astype(np.float32), tensors[f"{name}.lora_b"].astype(np.float32)
    return alpha / left.shape[0] * right @ left


def turned(rows: np.ndarray, heads: int) -> np.ndarray:
    """The rule of llama.cpp's convert_hf_to_gguf.py, row by row: row ``h, i`` of the halves goes to pair ``i``."""
    width = rows.shape[0] // heads
    found = np.empty_like(rows)
    for row in range(rows.shape[0]):
        head, place = divmod(row, width)
        half, pair = divmod(place, width // 2)
        found[head * width + 2 * pair + half] = rows[row]
    return found


@pytest.mark.parametrize("infix", ["", ".default"])
def test_every_part_gets_its_name_and_only_the_rows_of_q_and_k_move(tmp_path: Path, infix: str) -> None:
    given = peft(infix=infix)
    write_adapter(tmp_path / "a.gguf", given, alpha=6, rank=RANK, heads=HEADS, kv_heads=KV_HEADS)
    tensors, alpha = read(tmp_path / "a.gguf")
    assert alpha == 6
    assert len(tensors) == len(given)
    for name, short, _, _ in PARTS:
        left = given[f"base_model.model.model.layers.10.{name}.lora_A{infix}.weight"].astype(np.float16)
        right = given[f"base_model.model.model.layers.10.{name}.lora_B{infix}.weight"].astype(np.float16)
        if short in ("attn_q", "attn_k"):
            right = turned(right, HEADS if short == "attn_q" else KV_HEADS)
        np.testing.assert_array_equal(tensors[f"blk.10.{short}.weight.lora_a"], left)
        np.testing.assert_array_equal(tensors[f"blk.10.{short}.weight.lora_b"], right)


def test_the_order_in_which_tensors_come_does_not_change_a_byte(tmp_path: Path) -> None:
    given = peft()
    for name, tensors in (("a", given), ("b", dict(reversed(given.items())))):
        write_adapter(tmp_path / name, tensors, alpha=6, rank=RANK, heads=HEADS, kv_heads=KV_HEADS)
    one, other = ((tmp_path / name).read_bytes() for name in ("a", "b"))
    assert one == other
    # Another release of a library that wrote other bytes would change the digest of every adapter.
    assert hashlib.sha256(one).hexdigest() == "751a788f2e79651cb6e95bb38eb7dcb802dace1216d87eea907b98e14032aff5"


def test_a_rank_stabilised_adapter_keeps_its_scale(tmp_path: Path) -> None:
    write_adapter(tmp_path / "a", peft(), alpha=6, rank=RANK, heads=HEADS, kv_heads=KV_HEADS, rslora=True)
    _, alpha = read(tmp_path / "a")
    assert alpha / RANK == pytest.approx(6 / RANK**0.5)


def test_a_sum_of_terms_is_one_adapter_of_their_ranks(tmp_path: Path) -> None:
    terms = [Term(peft(1), 6, RANK, scale=0.25), Term(peft(2, rank=5), 10, 5, rslora=True, scale=0.5)]
    write_joined(tmp_path / "sum", terms, heads=HEADS, kv_heads=KV_HEADS)
    joined, alpha = read(tmp_path / "sum")
    for number, term in enumerate(terms):
        write_adapter(
            tmp_path / str(number), term.tensors, alpha=term.alpha, rank=term.rank,
            heads=HEADS, kv_heads=KV_HEADS, rslora=term.rslora,
        )  # fmt: skip
    singles = [read(tmp_path / str(number)) for number in range(2)]
    for _, short, _, _ in PARTS:
        name = f"blk.2.{short}.weight"
        assert joined[f"{name}.lora_a"].shape[0] == RANK + 5
        wanted = sum(term.scale * weight(*one[:1], name, one[1]) for term, one in zip(terms, singles, strict=True))
        np.testing.assert_allclose(weight(joined, name, alpha), wanted, rtol=0.02, atol=0.02)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("an embedding", {"base_model.model.model.embed_tokens.lora_embedding_A": np.zeros((3, 4))}, "not a LoRA"),
        ("another part", {"base_model.model.model.layers.0.mlp.router.lora_A.weight": np.zeros((3, 4))}, "not a LoRA"),
        ("another rank", {"base_model.model.model.layers.0.mlp.up_proj.lora_A.weight": np.zeros((4, 16))}, "rank 3"),
        ("too large", {"base_model.model.model.layers.0.mlp.up_proj.lora_A.weight": np.full((3, 16), 1e6)}, "finite"),
        ("not a number", {"base_model.model.model.layers.0.mlp.up_proj.lora_A.weight": np.full((3, 16), np.nan)},
         "finite"),
        ("half a pair", {"base_model.model.model.layers.7.mlp.up_proj.lora_A.weight": np.zeros((3, 16))}, "missing"),
    ],
)  # fmt: skip
def test_what_is_no_adapter_is_refused_by_name(tmp_path: Path, name: str, change: dict, said: str) -> None:
    with pytest.raises(InvalidAdapter, match=said):
        write_adapter(tmp_path / "a", {**peft(), **change}, alpha=6, rank=RANK, heads=HEADS, kv_heads=KV_HEADS)
    assert list(tmp_path.iterdir()) == [], name


def test_heads_that_do_not_divide_the_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidAdapter, match="heads"):
        write_adapter(tmp_path / "a", peft(), alpha=6, rank=RANK, heads=3, kv_heads=KV_HEADS)


def test_terms_of_a_sum_must_adapt_the_same_parts(tmp_path: Path) -> None:
    less = {name: tensor for name, tensor in peft(1).items() if "mlp" not in name}
    with pytest.raises(InvalidAdapter, match="same parts"):
        write_joined(tmp_path / "a", [Term(peft(), 6, RANK), Term(less, 6, RANK)], heads=HEADS, kv_heads=KV_HEADS)
    with pytest.raises(InvalidAdapter, match="at least one"):
        write_joined(tmp_path / "a", [], heads=HEADS, kv_heads=KV_HEADS)
