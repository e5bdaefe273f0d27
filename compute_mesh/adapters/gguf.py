"""LoRA tensors of PEFT as a GGUF adapter for llama.cpp: the llama family, attention and MLP, plain or rank-stabilised.

llama.cpp stores the rows of q and k in another order than Hugging Face (pairs of the rotary embedding side by side
instead of in halves), so the rows of their ``lora_B`` are permuted with the same rule as the weights. It adds
``scale * alpha / rank * B A x``; the rank is read from the tensor, alpha from the file.

Format: llama.cpp's ``convert_lora_to_gguf.py``; names as in its ``gguf-py/gguf/tensor_mapping.py``.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from substrate.store.files import sync_folder

Matrix = np.ndarray[Any, np.dtype[Any]]

#: What PEFT may adapt, and how llama.cpp calls it, in the order of the file.
TARGETS: Final[dict[str, str]] = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_ORDER: Final = tuple(TARGETS.values())
_NAME: Final = re.compile(
    r"(?:base_model\.model\.)?model\.layers\.(0|[1-9]\d{0,3})\.((?:self_attn|mlp)\.\w+)\.lora_(A|B)(?:\.default)?\.weight"
)


class InvalidAdapter(ValueError):
    """Tensors that are not a LoRA adapter of the llama family; the message names the tensor and the rule."""


@dataclass(frozen=True, slots=True)
class Term:
    """One adapter of a sum, as PEFT keeps it.

    Attributes:
        tensors: by PEFT's names; ``lora_A`` has the shape (rank, in), ``lora_B`` (out, rank).
        alpha, rank: of the LoRA configuration. rslora: whether it divides by the root of the rank, not by the rank.
        scale: the factor of this term in the sum.
    """

    tensors: Mapping[str, Matrix]
    alpha: float
    rank: int
    rslora: bool = False
    scale: float = 1.0

    @property
    def factor(self) -> float:
        """What ``B A`` is multiplied with."""
        return self.scale * self.alpha / (self.rank**0.5 if self.rslora else self.rank)


def write_adapter(
    path: Path, tensors: Mapping[str, Matrix], *, alpha: float, rank: int, heads: int, kv_heads: int,
    rslora: bool = False,
) -> None:  # fmt: skip
    """Write one adapter. The same tensors give the same bytes; the file is whole or absent.

    Args:
        tensors: by PEFT's names, any floating type; written in half precision.
        heads, kv_heads: attention heads of queries, and of keys and values, of the base model.

    Raises:
        InvalidAdapter: a tensor that does not belong, is missing, has another rank, or does not fit half precision.
    """
    pairs = _pairs(Term(tensors, alpha, rank, rslora))
    # llama.cpp divides by the rank, whatever the adapter was trained with.
    _write(path, pairs, alpha * rank**0.5 if rslora else alpha, heads, kv_heads)


def write_joined(path: Path, terms: Sequence[Term], *, heads: int, kv_heads: int) -> None:
    """Write the sum of several adapters as one: ranks stand side by side, in the order of ``terms``.

    Each ``lora_B`` is multiplied by its term's factor first, and alpha equals the whole rank, so that llama.cpp
    multiplies by one.

    Raises:
        InvalidAdapter: as `write_adapter`, or the terms adapt different parts of the model.
    """
    if not terms:
        raise InvalidAdapter("a sum needs at least one adapter")
    each = [_pairs(term) for term in terms]
    if any(pairs.keys() != each[0].keys() for pairs in each):
        raise InvalidAdapter("the adapters of a sum must adapt the same parts of the model")
    joined = {}
    for name in each[0]:
        left = np.concatenate([pairs[name][0] for pairs in each], axis=0)
        right = [pairs[name][1] * np.float32(term.factor) for pairs, term in zip(each, terms, strict=True)]
        joined[name] = (left, np.concatenate(right, axis=1))
    _write(path, joined, float(sum(term.rank for term in terms)), heads, kv_heads)


def _pairs(term: Term) -> dict[tuple[int, str], tuple[Matrix, Matrix]]:
    """(layer, llama.cpp's name) to (lora_A, lora_B), float32, in the order of the file."""
    if term.rank < 1:
        raise InvalidAdapter(f"rank {term.rank}: a rank is at least 1")
    found: dict[tuple[int, str], dict[str, Matrix]] = {}
    for name, tensor in term.tensors.items():
        match = _NAME.fullmatch(name)
        if match is None or match[2] not in TARGETS:
            raise InvalidAdapter(f"{name[:120]}: not a LoRA tensor of the llama family")
        found.setdefault((int(match[1]), TARGETS[match[2]]), {})[match[3]] = np.asarray(tensor, np.float32)
    if not found:
        raise InvalidAdapter("there is no tensor")
    ordered = sorted(found, key=lambda key: (key[0], _ORDER.index(key[1])))
    return {key: _pair(key, found[key], term.rank) for key in ordered}


def _pair(key: tuple[int, str], halves: dict[str, Matrix], rank: int) -> tuple[Matrix, Matrix]:
    where = f"layer {key[0]}, {key[1]}"
    if halves.keys() != {"A", "B"}:
        raise InvalidAdapter(f"{where}: lora_A and lora_B belong together, and one of them is missing")
    left, right = halves["A"], halves["B"]
    if left.ndim != 2 or right.ndim != 2 or left.shape[0] != rank or right.shape[1] != rank:
        raise InvalidAdapter(f"{where}: the shapes {left.shape} and {right.shape} are not those of rank {rank}")
    return left, right


def _write(
    path: Path, pairs: dict[tuple[int, str], tuple[Matrix, Matrix]], alpha: float, heads: int, kv_heads: int
) -> None:
    import gguf

    of_heads = {"attn_q": heads, "attn_k": kv_heads}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    writer = gguf.GGUFWriter(temporary, "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(alpha))
    for (layer, part), (left, right) in pairs.items():
        name = f"blk.{layer}.{part}.weight"
        turned = _permuted(right, of_heads[part], name) if part in of_heads else right
        writer.add_tensor(f"{name}.lora_a", _halved(left, name))
        writer.add_tensor(f"{name}.lora_b", _halved(turned, name))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _permuted(rows: Matrix, heads: int, name: str) -> Matrix:
    """The rows of each head: first halves and second halves taken in turns, as llama.cpp's conversion does."""
    if heads < 1 or rows.shape[0] % (2 * heads):
        raise InvalidAdapter(f"{name}: {rows.shape[0]} rows do not divide into {heads} heads")
    width = rows.shape[0] // heads // 2
    return rows.reshape(heads, 2, width, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def _halved(tensor: Matrix, name: str) -> Matrix:
    with np.errstate(over="ignore"):
        half = np.ascontiguousarray(tensor.astype(np.float16))
    if not np.isfinite(half).all():
        raise InvalidAdapter(f"{name}: a number that is not finite in half precision")
    return half
