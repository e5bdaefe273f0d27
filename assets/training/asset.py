"""The asset ``lora_run``, a partition per dataset version, and the check that what is served follows the gate.

Training leaves through a process of its own; Dagster's process loads no torch.
"""

from pathlib import Path
from typing import Final

import dagster as dg

from assets.dataset.asset import dataset_version
from assets.mesh.pipes import jobs_told
from assets.mesh.where import Where
from assets.partitions import VERSION_TAG, VERSIONS, version_key
from assets.release.asset import partition_of, version_of
from assets.training.curves import curves
from assets.training.mesh import on_mesh
from assets.training.planning import base_folder, missing_cohorts, plan_run
from assets.training.published import find_adapter
from assets.training.publishing import publish_run
from assets.training.running import train_cohorts, training_lock
from assets.training.standing import DROPPED, standing_of
from assets.workspace import Workspace, now
from corpus.training.recipe import TrainingRecipe, default_training_recipe, parse_training_recipe
from substrate.store.files import read_plain
from substrate.store.trained import TrainedFiles

#: Steps between two lines of the log.
_TOLD_STEPS: Final = 10


class Training(Where):
    """Where it happens, and by which training recipe: a file, or the default where none is named."""

    recipe: str | None = None


@dg.asset(
    deps=[dataset_version], group_name="training", kinds={"pytorch", "huggingface"}, code_version="1",
    owners=["team:curators"], partitions_def=VERSIONS,
)  # fmt: skip
def lora_run(context: dg.AssetExecutionContext, config: Training, workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One term per cohort, trained from the texts that the gate admits, and the adapter that is their sum."""
    with workspace.open() as home, training_lock(home.path, "the asset lora_run"):
        version = version_of(home, partition_of(context))
        plan = plan_run(home, version, _recipe(config.recipe), now())
        base, missing = base_folder(home, plan.model), missing_cohorts(home, plan)
        mesh = on_mesh(config.asking(context, home.path), config.privacy.value)
        if missing and mesh:
            mesh.train(home, plan, missing, base, lambda _: None)  # Its jobs tell of themselves.
        elif missing:
            train_cohorts(home, plan, missing, base, lambda event: _tell(context, event))
        trained = publish_run(home, plan, base, now)
        files = TrainedFiles(home.path)
        losses = {
            term["cohort"]: (files.about(term["digest"]) or {}).get("losses", ())
            for term in trained.adapter.body["terms"]
        }
    context.instance.add_run_tags(context.run_id, {VERSION_TAG: version_key(version.body["version"])})
    body = trained.adapter.body
    return dg.MaterializeResult(
        data_version=dg.DataVersion(body["digest"]),
        metadata={
            "adapter": body["digest"],
            "version": body["version"],
            "cohorts": len(body["terms"]),
            "trained_now": dg.MetadataValue.json(missing),
            "excluded": len(body["excluded"]),
            "held_out": trained.run.body["heldOut"],
            "folder": dg.MetadataValue.path(str(files.served(body["digest"]))),
            "losses": dg.MetadataValue.md(curves(losses)),
            **(jobs_told(mesh.done) if mesh else {}),
        },
    )


@dg.asset_check(asset=lora_run)
def every_term_may_be_served(workspace: Workspace) -> dg.AssetCheckResult:
    """No term of the newest adapter holds a text that may not be trained on any more."""
    with workspace.open() as home:
        standing = standing_of(home, find_adapter(home, "latest"), now())
    dropped = [one.cohort for one in standing.cohorts if one.state == DROPPED]
    return dg.AssetCheckResult(
        passed=not dropped,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"served": len(standing.served), "dropped": dg.MetadataValue.json(dropped)},
        description=f"dropped: cohorts {dropped}; `lecs adapter retrain` trains them again" if dropped else "all may",
    )


def _recipe(file: str | None) -> TrainingRecipe:
    if file is None:
        return default_training_recipe()
    return parse_training_recipe(read_plain(Path(file), 1 << 20).decode("utf-8"))


def _tell(context: dg.AssetExecutionContext, event: dict[str, object]) -> None:
    if event["event"] == "trained":
        context.log.info(f"cohort {event['cohort']}: {event['steps']} steps")
    elif event["event"] == "step" and int(str(event["step"])) % _TOLD_STEPS == 0:
        context.log.info(f"cohort {event['cohort']}: step {event['step']} of {event['steps']}, loss {event['loss']}")
