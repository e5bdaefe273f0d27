"""The asset ``dataset_version``: signed, logged, and listed in a manifest."""

import dagster as dg

from assets.dataset.publishing import publish
from assets.mixture.asset import mixture
from assets.workspace import Workspace, now
from substrate.store.failpoints import failpoint


@dg.asset(
    deps=[mixture], group_name="dataset", kinds={"parquet"}, code_version="1", owners=["team:curators"],
)  # fmt: skip
def dataset_version(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The published version: the same items, recipe and policy always give the same id."""
    with workspace.open() as home:
        published = publish(home, now)
        failpoint("build.published")
    body = published.document.body
    context.log.info(f"version {body['version']}")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(body["version"]),
        metadata={
            "version": body["version"],
            "dagster/row_count": body["items"],
            "refused": body["refused"],
            "fresh": published.fresh,
            "document": published.document.digest,
        },
    )
