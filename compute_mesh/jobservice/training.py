"""Jobs of type C: what a training worker is told, what its receipt says, and in which class it trains."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.asked import Line, read_lines
from compute_mesh.jobservice.events import Finished
from compute_mesh.jobservice.trail import BEGINNING, leaves_trail, trail_root
from compute_mesh.workers.messages import Job
from compute_mesh.workloads.lora import Settings, engine_class, uses_half
from corpus.training.recipe import TrainingRecipe, training_recipe_of
from substrate.record.canonical import JsonObject, digest


def class_here(model: str, threads: int) -> str:
    """The digest of the class in which this node trains terms of a model (its digest): 64 hexadecimal digits."""
    return digest({"model": model, **engine_class(uses_half("auto"), threads)})


def training_job(
    manifest: Manifest, inputs: Sequence[bytes], checkpoint: bytes | None, held: Sequence[Line] | None = None
) -> Job:
    """What a training worker is told.

    Args:
        held: the texts, where they lie at this node and the submitter brings none.

    Raises:
        CannotRun: the input is no blob of texts.
    """
    lines = [asdict(one) for one in held] if held is not None else read_lines(inputs[0], manifest.data["own"]["texts"])
    recipe = training_recipe_of(manifest.parameters["recipe"])
    parameters = {"settings": asdict(settings_for(recipe)), "recipe": recipe.content(), "plan": manifest.digest}
    given = {"texts": json.dumps(lines, ensure_ascii=False).encode("utf-8")}
    return Job("lora", parameters, given | ({"checkpoint": checkpoint} if checkpoint else {}))


def settings_for(recipe: TrainingRecipe) -> Settings:
    """What decides about a term besides its texts, of a recipe, on this machine."""
    return Settings(
        seed=recipe.seed, rank=recipe.rank, alpha=recipe.alpha, modules=recipe.modules, length=recipe.length,
        batch=recipe.batch, half=uses_half(recipe.precision), threads=recipe.threads, checkpoint=recipe.checkpoint,
    )  # fmt: skip


def finished_training(manifest: Manifest, value: dict[str, Any], steps: int, states: Sequence[str]) -> Finished:
    """The worker's own part of a receipt. Tokens are counted once for each step that was made here.

    Args:
        states: roots of the checkpoint that was given, or `BEGINNING`, and of those that were made.
    """
    recipe = training_recipe_of(manifest.parameters["recipe"])
    made = max(0, steps - int(value["resumed"]))
    began = states[0] if value["resumed"] else BEGINNING
    evidence = trail_root([began, *states[1:]]) if leaves_trail(manifest) else None
    return Finished(
        _engine(value["engine"], recipe), trained=made * recipe.batch * recipe.length, evidence=evidence
    )  # fmt: skip


def engine_here(manifest: Manifest) -> JsonObject:
    """The receipt's ``engine``, were the job done on this node."""
    recipe = training_recipe_of(manifest.parameters["recipe"])
    settings = settings_for(recipe)
    return _engine(engine_class(settings.half, settings.threads), recipe)


def segment_tokens(manifest: Manifest) -> int:
    """Tokens that are trained on from a checkpoint to the next."""
    recipe = training_recipe_of(manifest.parameters["recipe"])
    return recipe.checkpoint * recipe.batch * recipe.length


def _engine(engine: dict[str, Any], recipe: TrainingRecipe) -> JsonObject:
    processor = re.sub("[^a-z0-9.]+", "-", str(engine["processor"]).lower()).strip("-.")[:48] or "unknown"
    library = f"{engine['libraries']} step {engine['step']}"[:200]
    return {
        "library": library, "processor": processor, "quantisation": str(engine["precision"]), "batch": recipe.batch,
        "cache": "none", "flashAttention": "off", "slots": 1, "promptCache": "off",
    }  # fmt: skip
