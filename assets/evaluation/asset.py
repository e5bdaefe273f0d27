"""The asset ``evaluation``: the newest adapter of a version against its base, on texts that were held out."""

from typing import Any

import dagster as dg

from assets.evaluation.scoring import Evaluated, evaluate
from assets.mesh.pipes import jobs_told
from assets.mesh.where import Where
from assets.partitions import VERSIONS
from assets.release.asset import partition_of, version_of
from assets.training.asset import lora_run
from assets.training.mesh import on_mesh
from assets.training.published import newest_of
from assets.workspace import Workspace, now


@dg.asset(
    deps=[lora_run], group_name="training", kinds={"pytorch"}, code_version="1", owners=["team:curators"],
    partitions_def=VERSIONS,
)  # fmt: skip
def evaluation(context: dg.AssetExecutionContext, config: Where, workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Bits per byte as paired differences with their interval, by language and domain."""
    with workspace.open() as home:
        version = version_of(home, partition_of(context))
        mesh = on_mesh(config.asking(context, home.path), config.privacy.value)
        score = mesh.score if mesh else None
        found = evaluate(home, version, newest_of(home, version), [], now, score=score)
    return dg.MaterializeResult(metadata={**_metadata(found), **(jobs_told(mesh.done) if mesh else {})})


def _metadata(found: Evaluated) -> dict[str, Any]:
    whole = found.compared
    lines = ["| group | texts | difference | from | to |", "|---|---:|---:|---:|---:|"]
    for name, one in [*found.languages.items(), *found.domains.items()]:
        lines.append(f"| {name} | {one.texts} | {one.delta:+.3f} | {one.low:+.3f} | {one.high:+.3f} |")
    told: dict[str, Any] = {"groups": dg.MetadataValue.md("\n".join(lines)), "left_out": found.left_out}
    if whole is not None:
        told |= {
            "texts": whole.texts, "base_bits_per_byte": whole.base, "adapter_bits_per_byte": whole.adapted,
            "difference": whole.delta, "low": whole.low, "high": whole.high, "includes_zero": whole.includes_zero,
        }  # fmt: skip
    return told
