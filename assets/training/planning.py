"""What a run is going to do: base model, engine class, and of each cohort the plan and whether its term is here."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.intake.surveyed import law_of_home
from assets.training.members import Members, members_of
from compute_mesh.runtime.model import NAME, TRAINING, LanguageModel, language_model
from compute_mesh.workloads.base import plain_base
from compute_mesh.workloads.lora import Settings, engine_class, uses_half
from corpus.training.reading import NothingToTrain, Text, plan_digest
from corpus.training.recipe import TrainingRecipe
from substrate.record.canonical import digest
from substrate.record.documents import Document
from substrate.store.home import Home
from substrate.store.trained import TrainedFiles

#: Where plain base models lie; nothing of a text is in them.
BASES = Path("derived") / "base"


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before it begins. ``plans``: by cohort, the digest of what decides about its term."""

    version: Document
    recipe: TrainingRecipe
    model: LanguageModel
    engine: dict[str, Any]
    members: Members
    plans: dict[int, str]
    mark: int
    law: str

    @property
    def settings(self) -> Settings:
        """What the training process is told."""
        recipe = self.recipe
        return Settings(
            seed=recipe.seed, rank=recipe.rank, alpha=recipe.alpha, modules=recipe.modules, length=recipe.length,
            batch=recipe.batch, half=self.engine["precision"] == "bf16", threads=recipe.threads,
            checkpoint=recipe.checkpoint,
        )  # fmt: skip


def plan_run(
    home: Home, version: Document, recipe: TrainingRecipe, as_of: str, model: str = NAME, *, cohorts: bool = True
) -> Plan:  # fmt: skip
    """Ask the gate about every text of a version, and say what would be trained.

    Args:
        cohorts: whether a version without a text that may be trained on here is refused.

    Raises:
        TakenBack, NotAdmitted, Tampered: as `members_of`. ModelRefused: the model may not be trained.
        NothingToTrain: no text may be.
    """
    chosen = language_model(home, TRAINING, as_of, model)
    mark, law = home.ledger.high_water(), law_of_home(home, home.roles())
    members = members_of(home, version, recipe, as_of)
    if cohorts and not members.train:
        raise NothingToTrain("no text of this version may be trained on")
    engine = engine_class(uses_half(recipe.precision), recipe.threads)
    plans = {
        cohort: plan_digest(
            recipe, chosen.sha256, digest(engine), [Text(one.key, one.weight, 0) for one in members.train[cohort]]
        )
        for cohort in sorted(members.train)
    }
    return Plan(version, recipe, chosen, engine, members, plans, mark, law)


def missing_cohorts(home: Home, plan: Plan) -> list[int]:
    """Cohorts whose term is not here yet."""
    files = TrainedFiles(home.path)
    return [cohort for cohort, name in plan.plans.items() if files.of_plan(name) is None]


def base_folder(home: Home, model: LanguageModel) -> Path:
    """The plain base model of a home, made from its GGUF file the first time (half a minute)."""
    return plain_base(model.path, model.sha256, home.path / BASES)


def heads_of(base: Path) -> tuple[int, int]:
    """Attention heads of queries, and of keys and values."""
    found = json.loads((base / "config.json").read_bytes())
    return int(found["num_attention_heads"]), int(found.get("num_key_value_heads", found["num_attention_heads"]))
