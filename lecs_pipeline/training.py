"""Wiring of `lecs train` and `lecs adapter`: gate, training process, publishing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.training.federated import Gathered, Wanted, gather, to_holders
from assets.training.planning import Plan, base_folder, missing_cohorts, plan_run
from assets.training.published import adapters_of, find_adapter, run_of
from assets.training.publishing import Trained, publish_run
from assets.training.running import train_cohorts, training_lock
from assets.training.standing import Standing, standing_of
from consent.upkeep import tidy_up
from corpus.training.recipe import TrainingRecipe, default_training_recipe, parse_training_recipe, training_recipe_of
from lecs_pipeline.clock import now
from lecs_pipeline.versions import find_version
from substrate.record.documents import Document
from substrate.store.errors import NotFound
from substrate.store.files import read_plain
from substrate.store.home import Home, open_home
from substrate.store.trained import TrainedFiles

Told = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `train_version` came to, with the cohorts that were really trained this time, and what holders gave."""

    trained: Trained
    cohorts: tuple[int, ...]
    gathered: Gathered | None = None


def recipe_from(file: Path | None) -> TrainingRecipe:
    """A training recipe of a file, or the default.

    Raises:
        InvalidRecipe: naming the key and what is allowed.
    """
    return (
        default_training_recipe() if file is None else parse_training_recipe(read_plain(file, 1 << 20).decode("utf-8"))
    )


#: Trains cohorts of a plan on a base, and leaves each term in the work folder of its plan.
Train = Callable[[Home, Plan, list[int], Path, Told], None]


def train_version(
    path: Path, version: str, recipe: TrainingRecipe, told: Told = lambda _: None, train: Train = train_cohorts,
    federated: Wanted | None = None,
) -> Outcome:  # fmt: skip
    """Train the cohorts of a version whose terms are not here yet, and publish the adapter.

    Args:
        federated: also ask holders of federated texts for terms, and combine them.

    Raises:
        TakenBack, NotAdmitted, Tampered, ModelRefused, NothingToTrain, TrainingFailed; for ``federated`` also
        NoNode, NotFound and InvalidRecipe, before anything is trained, and JobNotDone.
    """
    with open_home(path) as home, training_lock(path, "lecs train"):
        tidy_up(home, now())
        plan = plan_run(home, find_version(home, version), recipe, now(), cohorts=federated is None)
        told({"event": "planned", "cohorts": len(plan.plans), "held_out": len(plan.members.held_out)})
        return _train(home, plan, told, train, federated)


def _train(home: Home, plan: Plan, told: Told, train: Train, federated: Wanted | None) -> Outcome:
    asked = to_holders(home, plan, federated) if federated is not None else None
    base = base_folder(home, plan.model)
    missing = missing_cohorts(home, plan)
    if missing:
        train(home, plan, missing, base, told)
    gathered = gather(home, plan, asked, now, told) if asked is not None else None
    return Outcome(publish_run(home, plan, base, now, gathered), tuple(missing), gathered)


def retrain(path: Path, prefix: str, say: Callable[[str], None], told: Told = lambda _: None) -> Outcome:
    """Build the version that consents allow now, and train what changed with the recipe of an adapter.

    Raises:
        NotFound: no such adapter. BuildStopped: no version could be built. As `train_version`.
    """
    from lecs_pipeline.building import build_version

    with open_home(path) as home:
        recipe = training_recipe_of(run_of(home, find_adapter(home, prefix)).body["recipe"])
    version = build_version(path, None, say)
    return train_version(path, version.body["version"], recipe, told)


def standings(path: Path) -> list[Standing]:
    """Every adapter of a home, as it may be served now; of several statements of one digest the newest."""
    with open_home(path) as home:
        newest = {d.body["digest"]: d for d in adapters_of(home)}
        return [standing_of(home, adapter, now()) for adapter in newest.values()]


def standing(path: Path, prefix: str) -> Standing:
    """One adapter, as it may be served now.

    Raises:
        NotFound: there is none.
    """
    with open_home(path) as home:
        return standing_of(home, find_adapter(home, prefix), now())


def drop(path: Path, prefix: str, cohort: int | None) -> Standing:
    """Remove the files of terms that may not be served any more, or of one cohort's term whatever the gate says.

    Raises:
        NotFound: no such adapter, or it has no such cohort.
    """
    with open_home(path) as home, training_lock(path, "lecs adapter drop"):
        adapter = find_adapter(home, prefix)
        before = standing_of(home, adapter, now())
        chosen = [one for one in before.cohorts if (one.state == "dropped" if cohort is None else one.cohort == cohort)]
        if cohort is not None and not chosen:
            raise NotFound(f"this adapter has no cohort {cohort}")
        # Two cohorts with the same text have the same file: it goes when neither may be served.
        needed = {one.digest for one in before.cohorts if one.state == "served" and one not in chosen}
        sums = [one.digest for one in [before.federated] if one is not None and one.state == "dropped"]
        for digest in {one.digest for one in chosen} - needed | set(sums if cohort is None else ()):
            TrainedFiles(home.path).drop_term(digest)
        return standing_of(home, adapter, now())


def told_of(standing: Standing) -> dict[str, Any]:
    """The object that `lecs adapter show --json` prints."""
    body = standing.adapter.body
    return {
        "adapter": standing.adapter.digest,
        "version": body["version"],
        "digest": body["digest"],
        "cohorts": [
            {
                "cohort": one.cohort,
                "digest": one.digest,
                "scale": f"{one.scale.numerator}/{one.scale.denominator}",
                "contributors": one.contributors,
                "excluded": list(one.excluded),
                "state": one.state,
            }
            for one in standing.cohorts
        ],
        "federated": _federated_of(standing),
    }


def _federated_of(standing: Standing) -> dict[str, Any] | None:
    one = standing.federated
    if one is None:
        return None
    return {"digest": one.digest, "holders": one.holders, "contributors": one.contributors, "state": one.state}


def paths_of(home: Path, adapter: Document) -> dict[str, str]:
    """Where the files of an adapter are."""
    folder = TrainedFiles(home).served(adapter.body["digest"])
    return {"gguf": str(folder / "adapter.gguf"), "peft": str(folder / "peft")}
