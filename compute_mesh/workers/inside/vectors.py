"""The worker that embeds texts with a sentence-transformers model."""

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from compute_mesh.workers.inside.channel import Channel
from compute_mesh.workers.inside.one_by_one import serve
from compute_mesh.workloads.embedding import Encoder, multiplies_bf16

MODEL: Final = "/model"
#: Texts between two looks at whether the job is still wanted; the encoder batches within them.
_TOGETHER: Final = 256


class Vectors:
    """A loaded encoder."""

    def __init__(self, message: dict[str, Any], channel: Channel) -> None:
        """Load what a ``load`` message says; ``half``: in bfloat16, null: where the processor has it."""
        import torch

        torch.set_num_threads(message["threads"])
        half = message["half"]
        self._half = multiplies_bf16() if half is None else bool(half)
        self._threads, self._digest = message["threads"], message["model"]
        self._channel, self._encoder = channel, Encoder(MODEL, self._half)

    def engine(self) -> dict[str, Any]:
        """The engine class."""
        import torch

        return {
            "model": self._digest,
            "build": f"torch {torch.__version__}",
            "isa": torch.backends.cpu.get_cpu_capability(),
            "precision": "bf16" if self._half else "fp32",
            "threads": self._threads,
        }

    def do(self, job: int, kind: str, parameters: Mapping[str, Any], inputs: Mapping[str, bytes]) -> dict[str, Any]:
        """Vectors of ``texts``: the bytes ``vectors`` are rows of half-precision floats of length 1."""
        if kind != "embedding":
            raise ValueError("another worker does this")
        texts = json.loads(inputs["texts"])
        rows, tokens = [], 0
        for start in range(0, len(texts), _TOGETHER):
            self._channel.check(job)
            part = texts[start : start + _TOGETHER]
            rows.append(self._encoder.encode(part).astype("<f2"))
            tokens += sum(map(len, self._encoder.tokens(part)))
            self._channel.progress(job, start + len(part), len(texts))
        found = np.concatenate(rows) if rows else np.zeros((0, self._encoder.width), "<f2")
        self._channel.give(job, "vectors", found.tobytes())
        return {"texts": len(texts), "width": self._encoder.width, "tokens": tokens}


def main() -> None:
    """The life of this worker."""
    serve(Vectors)
