"""Models that are not the approved one: requantised, or with noise in their weights; an adapter of a given effect."""

import ctypes
import shutil
from pathlib import Path
from typing import Final

import numpy as np

from compute_mesh.adapters.gguf import write_adapter
from compute_mesh.runtime.header import read_header
from compute_mesh.runtime.loaded import Adapter, Loaded, library
from compute_mesh.runtime.scoring import passes

#: llama.cpp's number of the file type Q4_0, and ggml's of the tensor type Q4_1 with its block: d, m, 32 nibbles.
_Q4_0: Final = 2
_Q4_1: Final = 3
_BLOCK: Final = np.dtype([("d", "<f2"), ("m", "<f2"), ("q", "u1", 16)])


def requantised(source: Path, target: Path) -> Path:
    """The same weights in Q4_0: a quarter of a bit per weight less, and the mildest quantisation that is another."""
    if target.exists():
        return target
    api, beside = library(), target.with_suffix(".part")
    parameters = api.llama_model_quantize_default_params()
    parameters.nthread, parameters.ftype, parameters.allow_requantize = 1, _Q4_0, True
    if api.llama_model_quantize(str(source).encode(), str(beside).encode(), ctypes.byref(parameters)):
        raise RuntimeError("llama.cpp did not requantise the model")
    return beside.rename(target)


def noised(source: Path, target: Path, share: float) -> Path:
    """The same model with normal noise of ``share`` on the factor of every block of 32 weights: another model."""
    if target.exists():
        return target
    beside = target.with_suffix(".part")
    shutil.copyfile(source, beside)
    chance = np.random.default_rng(5)
    for tensor in read_header(source).tensors:
        if tensor.kind == _Q4_1:
            blocks = np.memmap(beside, _BLOCK, "r+", tensor.start, (tensor.bytes // _BLOCK.itemsize,))
            noise = 1 + share * chance.standard_normal(len(blocks))
            blocks["d"] = (blocks["d"].astype(np.float32) * noise).astype(np.float16)
            blocks.flush()
    return beside.rename(target)


def adapter_of_effect(loaded: Loaded, path: Path, wanted: float, texts: list[str]) -> tuple[Adapter, float]:
    """A random adapter on the values of all layers, scaled so that it moves the model by about ``wanted`` nats (KL).

    A LoRA of ten steps on the packaged model moves it by 0.17.
    """
    if not path.exists():
        chance = np.random.default_rng(9)
        tensors = {}
        for layer in range(30):
            name = f"base_model.model.model.layers.{layer}.self_attn.v_proj.lora_"
            tensors[f"{name}A.weight"] = chance.normal(0, 0.05, (8, 576)).astype(np.float32)
            tensors[f"{name}B.weight"] = chance.normal(0, 0.05, (192, 8)).astype(np.float32)
        write_adapter(path, tensors, alpha=8, rank=8, heads=9, kv_heads=3)
    loaded.use([])
    plain = [_logs(loaded, text) for text in texts]
    low, high, found = 0.0, 64.0, 0.0
    for _ in range(9):
        scale = (low + high) / 2
        loaded.use([Adapter(path, scale)])
        pairs = zip(plain, (_logs(loaded, text) for text in texts), strict=True)
        found = float(np.mean([(np.exp(p) * (p - q)).sum(axis=1).mean() for p, q in pairs]))
        low, high = (scale, high) if found < wanted else (low, scale)
    loaded.use([])
    return Adapter(path, scale), found


def _logs(loaded: Loaded, text: str) -> np.ndarray:
    rows = [scores.copy() for _, scores in passes(loaded, loaded.tokens(text))]
    scores = np.concatenate(rows).astype(np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
