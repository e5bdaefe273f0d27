"""The engine class of a node: what decides over the last bits of a result (BOINC's homogeneous redundancy)."""

from collections import Counter
from collections.abc import Set
from functools import cache
from importlib.metadata import version
from typing import Final

from compute_mesh.runtime.header import Header
from compute_mesh.runtime.loaded import PASS, library
from substrate.record.canonical import JsonObject, digest

#: Instruction sets that llama.cpp has kernels of its own for, the widest first.
_SETS: Final = ("amx_int8", "avx512_bf16", "avx512_vnni", "avx512", "avx2", "avx", "sve", "matmul_int8", "neon", "sse3")


def quantisation_of(header: Header) -> str:
    """The ggml type in which most bytes of a model's weights are, in small letters: ``q4-1``."""
    from gguf import GGMLQuantizationType

    weights = Counter[int]()
    for tensor in header.tensors:
        weights[tensor.kind] += tensor.bytes
    kind, _ = max(weights.items(), key=lambda item: (item[1], -item[0]))
    return GGMLQuantizationType(kind).name.lower().replace("_", "-")


@cache
def llama_build() -> tuple[str, str]:
    """The installed llama.cpp with its bindings, and the widest instruction set that it uses here."""
    told = library().llama_print_system_info().decode("ascii", "replace").lower()
    used = {part.split("=")[0].strip().rsplit(" ", 1)[-1] for part in told.split("|") if "= 1" in part}
    return f"llama-cpp-python {version('llama-cpp-python')}", widest(used)


def widest(used: Set[str]) -> str:
    """The name by which engines go that use these instruction sets (as llama.cpp names them, in small letters)."""
    name = next((name for name in _SETS if name in used), "plain")
    return name.replace("_", "-") + ("-repack" if "repack" in used else "")


def llama_engine(header: Header, slots: int) -> JsonObject:
    """The ``engine`` of a receipt for a job that this node's llama.cpp ran, ``slots`` texts at once."""
    build, widest = llama_build()
    return {
        "library": build,
        "processor": widest,
        "quantisation": quantisation_of(header),
        "batch": PASS,
        "cache": "f16",
        "flashAttention": "auto",
        "slots": slots,
        "promptCache": "off",
    }


def engine_class(model: str, engine: JsonObject) -> str:
    """The digest of a class: of the model (its digest) and the engine of a receipt. 64 hexadecimal digits."""
    return digest({"model": model, "engine": engine})
