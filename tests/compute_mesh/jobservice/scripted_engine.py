"""An engine of scripted workers: a model whose words follow from the prompt, so that anybody can read them again."""

import hashlib
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import numpy as np
from job_nodes import FakeEngine

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.asked import read_prompts, read_texts
from compute_mesh.jobservice.engine import Reread
from compute_mesh.jobservice.events import Event, Finished, Output
from compute_mesh.jobservice.rereading import evidence_of, read_again
from compute_mesh.runtime.likely import record
from compute_mesh.workers.answers import Answer
from substrate.record.canonical import JsonObject

ENGINE: JsonObject = {
    "library": "scripted 1", "processor": "plain", "quantisation": "q4-1", "batch": 64, "cache": "f16",
    "flashAttention": "auto", "slots": 4, "promptCache": "off",
}  # fmt: skip
WORDS = 32


def number(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big")


class ScriptedEngine(FakeEngine):
    """``model``: what it writes with in truth. ``more``: tokens that it counts and did not read. ``garble``: is added
    to each text."""

    def __init__(self, model: str = "the right one", *, more: int = 0, garble: str = "", **how: Any) -> None:
        super().__init__(0.0, **how)
        self.model, self.more, self.garble = model, more, garble

    async def run(
        self, manifest: Manifest, inputs: Sequence[bytes], checkpoint: bytes | None
    ) -> AsyncGenerator[Event, None]:
        self.begun.append(manifest.digest)
        events = self._vectors if manifest.job == "embeddings" else self._answers
        for event in events(manifest, inputs):
            yield event

    def _answers(self, manifest: Manifest, inputs: Sequence[bytes]) -> list[Event]:
        asked = manifest.parameters
        prompts = read_prompts(inputs[0], asked["form"], asked["prompts"]).prompts
        answers, likely = [], b""
        for place, prompt in enumerate(prompts):
            tokens = tuple(self.words(prompt, asked["seed"] + place, asked["tokens"]))
            answers.append(Answer(self.text(tokens), tokens, "length", len(self.read(prompt))))
            likely += b"".join(record(self.scores(prompt, n), token) for n, token in enumerate(tokens))
        told = [
            {
                "text": a.text + self.garble,
                "tokens": list(a.tokens),
                "finish": a.finish,
                "promptTokens": a.prompt_tokens,
            }
            for a in answers
        ]
        outputs = [Output("answers", json.dumps({"answers": told}).encode())]
        evidence = None
        if manifest.assurance != "none":
            outputs.append(Output("likely", likely))
            evidence = evidence_of(answers, likely)
        read, written = sum(a.prompt_tokens for a in answers), sum(len(one.tokens) for one in answers)
        return [*outputs, Finished(ENGINE, read + self.more, written, evidence=evidence)]

    def _vectors(self, manifest: Manifest, inputs: Sequence[bytes]) -> list[Event]:
        texts = read_texts(inputs[0], manifest.parameters["texts"], exactly=True)
        rows = [np.random.default_rng(number(self.model, text)).standard_normal(16) for text in texts]
        vectors = np.array([row / np.linalg.norm(row) for row in rows], "<f2")
        read = sum(len(text.split()) for text in texts)
        return [Output("vectors", vectors.tobytes()), Finished(ENGINE, read + self.more)]

    def read(self, prompt: Any) -> list[int]:
        said = prompt if isinstance(prompt, str) else " ".join(content for _, content in prompt)
        return [number(word) % WORDS for word in said.split()]

    def words(self, prompt: Any, seed: int, count: int) -> list[int]:
        return [number(self.model, self.read(prompt), seed, place) % WORDS for place in range(count)]

    def scores(self, prompt: Any, place: int) -> Any:
        return np.random.default_rng(number(self.model, self.read(prompt), place)).standard_normal(WORDS)

    @staticmethod
    def text(tokens: Sequence[int]) -> str:
        return " ".join(f"w{token}" for token in tokens)

    async def reread(
        self, manifest: Manifest, inputs: Sequence[bytes], answers: Sequence[Answer], likely: bytes
    ) -> Reread:
        asked = manifest.parameters
        prompts = read_prompts(inputs[0], asked["form"], asked["prompts"]).prompts
        about, given = [], {"prompts": b"", "misfit": b"", "drift": b""}
        for place, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
            right, read = self.words(prompt, asked["seed"] + place, len(answer.tokens)), self.read(prompt)
            misfit = np.array([0.0 if a == b else 1.0 for a, b in zip(right, answer.tokens, strict=True)], "<f4")
            about.append({"prompt": len(read), "room": asked["tokens"], "places": len(misfit), "drift": 0,
                          "possible": True, "sameText": self.text(answer.tokens) == answer.text})  # fmt: skip
            given["prompts"] += np.array(read, "<i4").tobytes()
            given["misfit"] += misfit.tobytes()
        return read_again(manifest, answers, likely, {"answers": about}, given, ENGINE)
