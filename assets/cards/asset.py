"""The asset ``model_card``: what the newest adapter of a version is, beside its release."""

import dagster as dg

from assets.cards.model import write_card
from assets.evaluation.asset import evaluation
from assets.partitions import VERSIONS
from assets.release.asset import partition_of, version_of
from assets.training.published import newest_of
from assets.workspace import Workspace, now


@dg.asset(
    deps=[evaluation], group_name="training", kinds={"markdown"}, code_version="1", owners=["team:curators"],
    partitions_def=VERSIONS,
)  # fmt: skip
def model_card(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """A card as Hugging Face reads one: base, version, recipe, cohorts, excluded rows, evaluation, limits."""
    with workspace.open() as home:
        version = version_of(home, partition_of(context))
        path = write_card(home, newest_of(home, version), now())
        card = path.read_text("utf-8")
    return dg.MaterializeResult(
        metadata={"card": dg.MetadataValue.md(card), "path": dg.MetadataValue.path(str(path))},
    )
