"""Vectors of texts by a model in a GGUF file, where it says how one is made of a text."""

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np

from compute_mesh.runtime.header import BadGguf
from compute_mesh.runtime.loaded import PASS, Floats, Loaded

Pooling = Literal["mean", "first", "last"]
#: llama.cpp's numbers; -1 asks the model's file.
_POOLING: Final[dict[str | None, int]] = {None: -1, "mean": 1, "first": 2, "last": 3}


def embed(loaded: Loaded, texts: Sequence[str], pooling: Pooling | None = None) -> Floats:
    """Vectors of length 1, one row for each text; of a text the first `PASS` tokens count, or as many as fit.

    Args:
        pooling: how one vector is made of those of the tokens; None: as the model's file says.

    Raises:
        BadGguf: the file does not say, and ``pooling`` neither: this is no embedding model.
    """
    if pooling is None and not loaded.shape.pools:
        raise BadGguf("missing", f"{loaded.shape.architecture}.pooling_type: this model does not embed texts")
    context = loaded.open_context(embeddings=True, pooling_type=_POOLING[pooling], n_seq_max=1, n_ctx=loaded.context)
    try:
        rows = [_one(loaded, context, text) for text in texts]
    finally:
        loaded.api.llama_free(context)
    found = np.stack(rows) if rows else np.zeros((0, loaded.shape.width), np.float32)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return found


def _one(loaded: Loaded, context: Any, text: str) -> Floats:
    api = loaded.api
    tokens = (loaded.tokens(text) or loaded.first)[: min(PASS, loaded.context)]
    if memory := api.llama_get_memory(context):
        api.llama_memory_clear(memory, True)
    array = (api.llama_token * len(tokens))(*tokens)  # The batch points into it.
    if code := api.llama_decode(context, api.llama_batch_get_one(array, len(tokens))):
        raise RuntimeError(f"llama.cpp ended a pass with {code}")
    width = api.llama_model_n_embd(loaded.model)
    return np.array(np.ctypeslib.as_array(api.llama_get_embeddings_seq(context, 0), (width,)), np.float32)
