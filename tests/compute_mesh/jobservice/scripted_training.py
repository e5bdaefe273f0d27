"""An engine that trains by hashing: each step follows from the one before, the seed and the texts."""

import hashlib
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from job_nodes import HERE, FakeEngine

from compute_mesh.jobs.blobs import blob_root
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.events import CannotRun, Checkpoint, Event, Finished, Output, Progress
from compute_mesh.jobservice.trail import BEGINNING, leaves_trail, trail_root
from corpus.training.recipe import training_recipe_of
from substrate.record.canonical import JsonObject

STEPS = 20
CLASS = "1" * 64


def engine_called(processor: str) -> JsonObject:
    return {
        "library": "scripted 1", "processor": processor, "quantisation": "fp32", "batch": 2, "cache": "none",
        "flashAttention": "off", "slots": 1, "promptCache": "off",
    }  # fmt: skip


class ScriptedTraining(FakeEngine):
    """``lie``: how it trains where it is a liar. ``more``: steps that it counts and did not make."""

    def __init__(self, lie: str = "", *, processor: str = "one", more: int = 0, **how: Any) -> None:
        super().__init__(0.0, **how)
        self.here = tuple(type(HERE)(**{**_fields(one), "engine": CLASS}) for one in self.here)
        self.lie, self.processor, self.more = lie, processor, more

    def trains_as(self, manifest: Manifest) -> JsonObject:
        return engine_called(self.processor)

    async def run(
        self, manifest: Manifest, inputs: Sequence[bytes], checkpoint: bytes | None
    ) -> AsyncGenerator[Event, None]:
        self.begun.append(manifest.digest)
        recipe = training_recipe_of(manifest.parameters["recipe"])
        seed = "another" if self.lie == "seed" else recipe.seed
        texts = b"others" if self.lie == "texts" else inputs[0]
        done, state = self._state(checkpoint, manifest.digest)
        began, states = done, [blob_root(checkpoint) if checkpoint and done else BEGINNING]
        self.resumed.append(done)
        while done < STEPS:
            if state == "not finite":
                raise CannotRun("not-finite", "the loss is not a number any more")
            if not (self.lie == "skips" and done % 2):
                state = hashlib.sha256(repr((state, seed, texts, done)).encode()).hexdigest()
            done += 1
            yield Progress(done, STEPS, "step")
            if done % recipe.checkpoint == 0 and done < STEPS and self.lie != "no checkpoints":
                told = self._made_up() if self.lie in ("made up", "not finite") else state
                data = json.dumps({"plan": manifest.digest, "step": done, "state": told}).encode()
                states.append(blob_root(data))
                yield Checkpoint(CLASS, data)
        yield Output("term", state.encode())
        yield Output("about", b"{}")
        evidence = trail_root(states[:-1] if self.lie == "other states" else states) if leaves_trail(manifest) else None
        tokens = recipe.batch * recipe.length
        yield Finished(engine_called(self.processor), trained=(STEPS - began + self.more) * tokens, evidence=evidence)

    def _made_up(self) -> str:
        return "not finite" if self.lie == "not finite" else "0" * 64

    @staticmethod
    def _state(checkpoint: bytes | None, plan: str) -> tuple[int, str]:
        try:
            found = json.loads(checkpoint or b"{}")
        except ValueError:
            return 0, ""
        return (found["step"], found["state"]) if found.get("plan") == plan else (0, "")


def _fields(here: Any) -> dict[str, Any]:
    return {name: getattr(here, name) for name in ("approval", "digest", "kinds", "memory")}
