"""`lecs demo --train`: an adapter of the demo's version, what it learned and gives away, and its card."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lecs_pipeline.cli.output import console
from lecs_pipeline.evaluating import (
    canaries_from,
    compared_in,
    evaluate_version,
    heldout_of,
    measured_before,
    sentence_of,
)
from lecs_pipeline.settings import ARCHIVE
from lecs_pipeline.training import Outcome, paths_of, recipe_from, train_version
from substrate.record.documents import Document

CANARIES: Final = ARCHIVE / "canaries.yaml"
RECIPE: Final = ARCHIVE / "training.yaml"


@dataclass(frozen=True, slots=True)
class DemoTraining:
    """What was trained and measured; ``fresh`` is False where both had been done before."""

    home: Path
    outcome: Outcome
    evaluation: Document
    fresh: bool

    def as_json(self) -> dict[str, Any]:
        """What `lecs demo --train --json` says in addition."""
        adapter = self.outcome.trained.adapter
        return {
            "adapter": adapter.digest,
            "adapter_digest": adapter.body["digest"],
            **paths_of(self.home, adapter),
            "card": str(card_path(self.home, self.outcome)),
            "heldout": heldout_of(self.evaluation),
        }


def train_demo(
    path: Path, version: str, say: Callable[[str], None], told: Callable[[dict[str, Any]], None]
) -> DemoTraining:
    """Train, measure, write the card; what was trained and measured before is used again."""
    say("Training an adapter, cohort by cohort, from the texts whose purposes include train …")
    outcome = train_version(path, version, recipe_from(RECIPE), told)
    canaries = canaries_from(CANARIES)
    before = measured_before(path, outcome.trained.adapter, canaries)
    if before is not None:
        return DemoTraining(path, outcome, before, outcome.trained.fresh)
    say("Measuring it on texts that were held out, and on a planted secret …")
    found = evaluate_version(path, version, canaries, told)
    return DemoTraining(path, outcome, found.document, fresh=True)


def card_path(path: Path, outcome: Outcome) -> Path:
    """The model card, beside the release."""
    return Path(paths_of(path, outcome.trained.adapter)["gguf"]).parent / "release" / "README.md"


def tell_training(demo: DemoTraining) -> None:
    """The summary, on standard output."""
    adapter, screen = demo.outcome.trained.adapter, console()
    cohorts = len(adapter.body["terms"])
    screen.print(f"\nAdapter           {adapter.body['digest']}")
    screen.print(f"                  the sum of {cohorts} cohorts' terms; a change of mind takes one out at once")
    screen.print(f"  for llama.cpp   {paths_of(demo.home, adapter)['gguf']}")
    screen.print(f"  its card        {card_path(demo.home, demo.outcome)}")
    screen.print(f"Learned           {sentence_of(compared_in(demo.evaluation))}")
    for one in demo.evaluation.body["canaries"]:
        said = ", and says it" if one["verbatim"] else ""
        screen.print(
            f"Planted secret    {one['model']}: rank {one['rank']} of {one['candidates']}{said} (1 is memorised)"
        )
    command = f"--home {demo.home}"
    screen.print(f"  what is served  lecs adapter show {command}")
    screen.print(f"  after a change  lecs adapter retrain {command}")
    if not demo.fresh:
        screen.print("\nNothing new: the adapter had been trained and measured before, and nothing was added.")
