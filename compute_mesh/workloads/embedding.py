"""Embedding as a batch function: a table of texts in, a table of vectors out, nothing kept and nothing written.

Quicker than `SentenceTransformer.encode` as it comes: texts are sorted by length and cut into batches by their number
of tokens, so that little padding is computed, and half-precision brain floats are used where the processor multiplies
them in hardware. The first `MOST_TOKENS` tokens of a text count, as in the model's own settings.
"""

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from corpus.embedding.batches import batches

#: Tokens of one batch, padding included.
BUDGET: Final = 4096
IN: Final = pa.schema([pa.field("key", pa.string()), pa.field("text", pa.string())])
_BF16: Final = ("amx_bf16", "avx512_bf16")


def embed(table: pa.Table, folder: str, *, half: bool | None = None) -> pa.Table:
    """The vectors of texts.

    Args:
        table: columns ``key`` and ``text``.
        folder: of the model, as `sentence-transformers` keeps one.
        half: compute in bfloat16; None: where the processor does so in hardware.

    Returns:
        columns ``key`` and ``vector`` (half-precision floats of length 1, as bytes), in the same order.
    """
    half = multiplies_bf16() if half is None else half
    vectors = encoder(folder, half).encode(table["text"].to_pylist())
    rows = [vector.tobytes() for vector in vectors.astype(np.float16)]
    return pa.table({"key": table["key"], "vector": pa.array(rows, pa.binary(2 * vectors.shape[1]))})


@lru_cache(maxsize=2)
def encoder(folder: str, half: bool) -> "Encoder":
    """The model of a folder, loaded once in each process that embeds."""
    return Encoder(folder, half)


def multiplies_bf16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware."""
    try:
        flags = Path("/proc/cpuinfo").read_text("ascii", "replace").split("flags", 2)[1].split("\n")[0].split()
    except (OSError, IndexError):
        return False
    return any(flag in flags for flag in _BF16)


class Encoder:
    """A loaded model. torch is imported here and nowhere else."""

    def __init__(self, folder: str, half: bool) -> None:
        """Load from ``folder``, with weights in bfloat16 where ``half``; looks nothing up elsewhere."""
        for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS", "DO_NOT_TRACK"):
            os.environ.setdefault(name, "1")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        weights = {"dtype": torch.bfloat16 if half else torch.float32}
        self._model = SentenceTransformer(folder, device="cpu", local_files_only=True, model_kwargs=weights)
        self._model.eval()
        self.most_tokens = int(self._model.max_seq_length or 256)
        self.width = int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Vectors of length 1, float32, in the order of ``texts``."""
        import torch

        tokens = self.tokens(texts)
        vectors = np.zeros((len(texts), self.width), np.float32)
        with torch.inference_mode():
            for batch in batches([len(one) for one in tokens], BUDGET):
                vectors[batch] = self._forward([tokens[number] for number in batch])
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, those that count."""
        if not texts:
            return []
        found = self._model.tokenizer(list(texts), truncation=True, max_length=self.most_tokens)
        return [list(one) for one in found["input_ids"]]

    def _forward(self, batch: list[list[int]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        import torch

        longest = max(map(len, batch))
        ids = torch.zeros((len(batch), longest), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for number, one in enumerate(batch):
            ids[number, : len(one)] = torch.tensor(one)
            mask[number, : len(one)] = 1
        found = self._model({"input_ids": ids, "attention_mask": mask})["sentence_embedding"]
        vectors: np.ndarray[Any, np.dtype[np.float32]] = found.float().numpy()
        return vectors
