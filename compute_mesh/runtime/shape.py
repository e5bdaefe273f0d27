"""What a GGUF file is, read from its header: a model's dimensions, an adapter's parts; and whether they make sense."""

import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compute_mesh.runtime.header import Array, BadGguf, Header, read_header

MOST_LAYERS: Final = 1024
MOST_WIDTH: Final = 1 << 17
MOST_CONTEXT: Final = 1 << 24
_ARCHITECTURE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,47}")
_PAIR: Final = re.compile(r"(.+)\.lora_([ab])")
_STRINGS, _WHOLE, _REAL = (8,), (4, 5), (6,)


@dataclass(frozen=True, slots=True)
class Shape:
    """The dimensions of a model.

    Attributes:
        context: tokens that it was trained to read. width: of its hidden states.
        heads, kv_heads: of attention; key, value: how wide one of each is.
        weights: bytes of all tensors. vocabulary: how many tokens it knows. template: its chat template, or "".
        pools: whether it says how to make one vector of a text.
    """

    architecture: str
    layers: int
    context: int
    width: int
    heads: int
    kv_heads: int
    key: int
    value: int
    vocabulary: int
    weights: int
    template: str
    pools: bool

    @property
    def template_digest(self) -> str | None:
        """SHA-256 of the chat template, if there is one."""
        return hashlib.sha256(self.template.encode()).hexdigest() if self.template else None


def model_shape(path: Path) -> Shape:
    """The dimensions of a language or embedding model in one GGUF file.

    Raises:
        BadGguf: with the reason; an adapter is refused as ``kind``. OSError: there is no plain file.
    """
    return shape_of(read_header(path))


def shape_of(header: Header) -> Shape:
    """As `model_shape`, of a header that was read."""
    name = _architecture(header)
    if _kind(header) != "model":
        raise BadGguf("kind", "an adapter or another companion of a model, not a model")
    if header.number("split.count", 0, 1 << 16, 1) > 1:
        raise BadGguf("kind", "one part of several: join them with llama.cpp's gguf-split first")
    width = header.number(f"{name}.embedding_length", 1, MOST_WIDTH)
    heads = _per_layer(header, f"{name}.attention.head_count", width)
    kv_heads = _per_layer(header, f"{name}.attention.head_count_kv", heads, heads)
    if heads % kv_heads:
        raise BadGguf("bound", f"{heads} heads share {kv_heads}")
    key = header.number(f"{name}.attention.key_length", 1, MOST_WIDTH, max(width // heads, 1))
    value = header.number(f"{name}.attention.value_length", 1, MOST_WIDTH, key)
    template = header.text("tokenizer.chat_template") if "tokenizer.chat_template" in header.metadata else ""
    return Shape(
        architecture=name,
        layers=header.number(f"{name}.block_count", 1, MOST_LAYERS),
        context=header.number(f"{name}.context_length", 1, MOST_CONTEXT),
        width=width,
        heads=heads,
        kv_heads=kv_heads,
        key=key,
        value=value,
        vocabulary=_vocabulary(header),
        weights=sum(tensor.bytes for tensor in header.tensors),
        template=template,
        pools=f"{name}.pooling_type" in header.metadata,
    )


def check_adapter(path: Path) -> str:
    """Check the header of a LoRA adapter; returns the architecture that it is for.

    Raises:
        BadGguf: with the reason; a model is refused as ``kind``. OSError: there is no plain file.
    """
    header = read_header(path)
    name = _architecture(header)
    if _kind(header) != "adapter" or header.text("adapter.type") != "lora":
        raise BadGguf("kind", "not a LoRA adapter")
    alpha = header.metadata.get("adapter.lora.alpha")
    if not isinstance(alpha, float) or not math.isfinite(alpha):
        raise BadGguf("bound", "adapter.lora.alpha is not a finite number")
    _check_pairs(header)
    return name


def _check_pairs(header: Header) -> None:
    pairs: dict[str, dict[str, tuple[int, ...]]] = {}
    for number, tensor in enumerate(header.tensors):
        match = _PAIR.fullmatch(tensor.name)
        if match is None or len(tensor.shape) != 2:
            raise BadGguf("kind", f"tensor {number} is no half of an adapter")
        pairs.setdefault(match[1], {})[match[2]] = tensor.shape
    for halves in pairs.values():
        if halves.keys() != {"a", "b"} or halves["a"][1] != halves["b"][0]:
            raise BadGguf("shape", "two halves of an adapter that do not fit each other")
    if not pairs:
        raise BadGguf("missing", "an adapter without a tensor")


def _architecture(header: Header) -> str:
    name = header.text("general.architecture")
    if not _ARCHITECTURE.fullmatch(name):
        raise BadGguf("value", "general.architecture")
    return name


def _kind(header: Header) -> str:
    return header.text("general.type") if "general.type" in header.metadata else "model"


def _per_layer(header: Header, key: str, most: int, default: int | None = None) -> int:
    """A number that some models state for each layer: the largest of them."""
    found = header.metadata.get(key)
    if not isinstance(found, Array):
        return header.number(key, 1, most, default)
    values = found.values or ()
    if found.kind not in _WHOLE or not values or not all(0 <= value <= most for value in values) or not max(values):
        raise BadGguf("bound", key)
    return int(max(values))


def _vocabulary(header: Header) -> int:
    tokens = header.entries("tokenizer.ggml.tokens", _STRINGS)
    if not tokens:
        raise BadGguf("missing", "tokenizer.ggml.tokens is empty")
    for key, kinds in (("token_type", _WHOLE), ("scores", _REAL)):
        name = f"tokenizer.ggml.{key}"
        if name in header.metadata and header.entries(name, kinds) != tokens:
            raise BadGguf("bound", f"{name} has not as many entries as there are tokens")
    for key in header.metadata:
        if key.startswith("tokenizer.ggml.") and key.endswith("_token_id"):
            header.number(key, 0, tokens - 1)
    return tokens
