"""The worker that trains a term and evaluates terms: what `compute_mesh.workloads.lora_process` does, in a box.

Files of it are in the box's scratch, which is memory and goes with the worker; checkpoints and terms go to the node.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from compute_mesh.sandbox.box import SCRATCH
from compute_mesh.workers.inside.channel import Channel
from compute_mesh.workers.inside.one_by_one import serve
from compute_mesh.workloads.lora import Settings, engine_class, settings_of, settings_text, term_digest, unpacked
from compute_mesh.workloads.lora_job import SCORED, TRAINED
from compute_mesh.workloads.lora_process import do_job
from compute_mesh.workloads.quiet import quiet_hub
from substrate.record.canonical import digest

BASE: Final = "/base"
_CHECKPOINT: Final = "checkpoint.safetensors"


class Training:
    """A base model on disk; each job loads it."""

    def __init__(self, message: dict[str, Any], channel: Channel) -> None:
        """Take what a ``load`` message says, and load the libraries, which take longer than the model."""
        quiet_hub()
        import peft
        import torch
        import transformers

        del peft, torch, transformers
        self._channel, self._threads, self._model = channel, message["threads"], message["model"]

    def engine(self) -> dict[str, Any]:
        """The engine class, without the precision: each job says its own."""
        return {"model": self._model, **engine_class(False, self._threads)}

    def do(self, job: int, kind: str, parameters: Mapping[str, Any], inputs: Mapping[str, bytes]) -> dict[str, Any]:
        """Train or evaluate; nothing of it stays in the scratch."""
        folder = Path(SCRATCH, f"job-{job}")
        folder.mkdir(mode=0o700)
        try:
            if kind == "lora":
                return _Lora(self._channel, job, folder, self._model, parameters).train(inputs)
            if kind == "evaluation":
                return self._evaluate(job, folder, parameters, inputs)
            raise ValueError("another worker does this")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _evaluate(
        self, job: int, folder: Path, parameters: Mapping[str, Any], inputs: Mapping[str, bytes]
    ) -> dict[str, Any]:
        """Base and adapters on ``texts``; the bytes ``events`` are what the process for it tells at home."""
        asked = {"kind": "score", "base": BASE, "threads": self._threads, **_SCORING, **parameters}
        for name in ("served", "release"):
            for number, term in enumerate(asked[name]):
                path = folder / f"{name}-{number}"
                path.write_bytes(inputs[term["input"]])
                asked[name][number] = {**term, "file": str(path)}
        texts = json.loads(inputs["texts"])
        events: list[dict[str, Any]] = []

        def told(event: str, **figures: Any) -> None:
            self._channel.check(job)
            if event == "scored":
                self._channel.progress(job, figures["texts"], len(texts), "scored")
            else:
                events.append({"event": event, **figures})

        do_job(asked, pa.table({"text": texts}, schema=SCORED), told)
        self._channel.give(job, "events", json.dumps(events).encode("utf-8"))
        sizes = next(event["bytes"] for event in events if event["event"] == "texts")
        nats = {event["model"]: sum(event["nats"]) for event in events if event["event"] == "nats"}
        return {"texts": len(texts), "bytes": sum(sizes), "nats": {name: round(one, 6) for name, one in nats.items()}}


#: Of a job that only measures texts.
_SCORING: Final[dict[str, Any]] = {
    "half": False, "served": [], "release": [], "canaries": [], "prompts": [], "sample_tokens": 0,
}  # fmt: skip


class _Lora:
    """One cohort's training, told step by step."""

    def __init__(self, channel: Channel, job: int, folder: Path, model: str, parameters: Mapping[str, Any]) -> None:
        """``parameters``: ``settings`` (of `compute_mesh.workloads.lora`), ``recipe`` and ``plan``."""
        self._channel, self._job, self._folder = channel, job, folder
        self._settings: Settings = settings_of(json.dumps(parameters["settings"]))
        self._engine = {"model": model, **engine_class(self._settings.half, self._settings.threads)}
        # A checkpoint of another engine class is of another plan: it counts for nothing, and training starts over.
        self._plan = f"{parameters['plan']}:{digest(self._engine)}"
        self._recipe = parameters["recipe"]
        self._first = 0

    def train(self, inputs: Mapping[str, bytes]) -> dict[str, Any]:
        """The term of ``texts``, from ``checkpoint`` on where it fits; the bytes ``term`` are safetensors."""
        if "checkpoint" in inputs:
            (self._folder / _CHECKPOINT).write_bytes(inputs["checkpoint"])
        cohort = {"cohort": 0, "plan": self._plan, "folder": str(self._folder)}
        asked = {
            "kind": "train", "base": BASE, "settings": settings_text(self._settings), "recipe": self._recipe,
            "cohorts": [cohort],
        }  # fmt: skip
        do_job(asked, _texts(json.loads(inputs["texts"])), self._told)
        term = (self._folder / "term.safetensors").read_bytes()
        self._channel.give(self._job, "term", term)
        tensors = unpacked(term)
        resumed = max(0, self._first - 1)
        return {
            "digest": term_digest(tensors, self._settings.rank, self._settings.alpha),
            "engine": self._engine,
            "resumed": resumed,
            "startedOver": "checkpoint" in inputs and resumed == 0,
        }

    def _told(self, event: str, **figures: Any) -> None:
        self._channel.check(self._job)
        if event != "step":
            return
        step, steps = figures["step"], figures["steps"]
        self._first = self._first or step
        self._channel.progress(self._job, step, steps, "step", figures["loss"])
        if step % self._settings.checkpoint == 0 and step < steps:
            self._channel.give(self._job, "checkpoint", (self._folder / _CHECKPOINT).read_bytes())


def _texts(lines: list[dict[str, Any]]) -> pa.Table:
    columns = {
        "cohort": [0] * len(lines),
        "key": [bytes.fromhex(one["key"]) for one in lines],
        "weight": [one["weight"] for one in lines],
        "text": [one["text"] for one in lines],
    }
    return pa.table(columns, schema=TRAINED)


def main() -> None:
    """The life of this worker."""
    serve(Training)
