"""A whole llama model in a few kilobytes, which llama.cpp loads: for what may be done to a file five hundred times."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np

WIDTH, HEADS, KV_HEADS, FEED, LAYERS = 32, 4, 2, 64, 2
TOKENS = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "o", "n", "e", "▁one", "on"]


def small_model(path: Path, **changed: Any) -> Path:
    """Write it; ``changed`` replaces values of its metadata (dots as two underscores)."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(256)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([-float(number) for number in range(len(TOKENS))])
    kinds = [gguf.TokenType.UNKNOWN, *[gguf.TokenType.CONTROL] * 2, *[gguf.TokenType.BYTE] * 256]
    writer.add_token_types(kinds + [gguf.TokenType.NORMAL] * (len(TOKENS) - len(kinds)))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for key, value in changed.items():
        writer.add_key_value(key.replace("__", "."), *value)
    for name, shape in _shapes():
        chance = np.random.default_rng(sum(name.encode()))
        writer.add_tensor(name, chance.normal(0, 0.1, shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _shapes() -> list[tuple[str, tuple[int, ...]]]:
    kept = WIDTH // HEADS * KV_HEADS
    shapes: list[tuple[str, tuple[int, ...]]] = [("token_embd.weight", (len(TOKENS), WIDTH))]
    for layer in range(LAYERS):
        parts = {
            "attn_norm": (WIDTH,), "attn_q": (WIDTH, WIDTH), "attn_k": (kept, WIDTH), "attn_v": (kept, WIDTH),
            "attn_output": (WIDTH, WIDTH), "ffn_norm": (WIDTH,), "ffn_gate": (FEED, WIDTH), "ffn_up": (FEED, WIDTH),
            "ffn_down": (WIDTH, FEED),
        }  # fmt: skip
        shapes += [(f"blk.{layer}.{part}.weight", shape) for part, shape in parts.items()]
    return [*shapes, ("output_norm.weight", (WIDTH,)), ("output.weight", (len(TOKENS), WIDTH))]
