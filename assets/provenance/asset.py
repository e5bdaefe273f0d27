"""The asset ``views``: what anyone can recompute."""

import dagster as dg

from assets.dataset.asset import dataset_version
from assets.provenance.views import write_views
from assets.stages import read_basis
from assets.workspace import Workspace


@dg.asset(
    deps=[dataset_version], group_name="provenance", kinds={"polars", "parquet"}, code_version="1",
    owners=["team:curators"],
)  # fmt: skip
def views(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Contributions, refusals, versions, members and statements, folded from public documents alone."""
    with workspace.open() as home:
        recorded = write_views(home, read_basis(home).as_of)
    return dg.MaterializeResult(metadata={"as_of": recorded.as_of, **recorded.digests})
