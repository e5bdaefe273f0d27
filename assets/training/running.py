"""Training the cohorts of a plan whose terms are not here, in a process of their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from assets.training.planning import Plan
from compute_mesh.workloads.lora import settings_text
from compute_mesh.workloads.lora_job import TRAINED, run_job
from substrate.store.buildlock import build_lock
from substrate.store.home import Home
from substrate.store.trained import TrainedFiles

Told = Callable[[dict[str, Any]], None]


@contextmanager
def training_lock(home: Path, who: str) -> Iterator[None]:
    """One training at a time in a home; builds go on meanwhile. The kernel lets go of it when the process dies.

    Raises:
        Busy: another run has it for longer than an hour.
    """
    folder = TrainedFiles(home).folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with build_lock(folder, who):
        yield


def train_cohorts(home: Home, plan: Plan, cohorts: list[int], base: Path, told: Told = lambda _: None) -> None:
    """Train these cohorts; each term lies in the work folder of its plan afterwards.

    What was trained before and broken off goes on from its checkpoint; checkpoints of other plans are removed.

    Raises:
        TrainingFailed: the process ended early.
    """
    files = TrainedFiles(home.path)
    sweep(files, {plan.plans[cohort] for cohort in cohorts})
    job = {
        "kind": "train",
        "base": str(base),
        "settings": settings_text(plan.settings),
        "recipe": plan.recipe.content(),
        "cohorts": [
            {"cohort": cohort, "plan": plan.plans[cohort], "folder": str(files.work(plan.plans[cohort]))}
            for cohort in cohorts
        ],
    }
    for event in run_job(job, _texts(plan, cohorts), plan.recipe.threads):
        told(event)


def sweep(files: TrainedFiles, wanted: set[str]) -> None:
    """Remove checkpoints of plans that nobody trains any more: a text that went may be in them."""
    for path in (files.folder / "work").glob("*"):
        if path.name not in wanted:
            files.drop_work_of(path.name)


def _texts(plan: Plan, cohorts: list[int]) -> pa.Table:
    lines = [member for cohort in cohorts for member in plan.members.train[cohort]]
    columns = {
        "cohort": [one.cohort for one in lines],
        "key": [one.key for one in lines],
        "weight": [one.weight for one in lines],
        "text": [one.text for one in lines],
    }
    return pa.table(columns, schema=TRAINED)
