"""The asset ``dataset_version`` and its check: signed, logged, and listed in a manifest."""

import dagster as dg

from assets.columns import column_schema
from assets.dataset.changes import change_table, version_table
from assets.dataset.manifests import manifest_problems
from assets.dataset.publishing import publish, published_versions
from assets.lineage import column_lineage
from assets.mixture.asset import mixture
from assets.partitions import VERSION_TAG, know_versions, version_key
from assets.stages import MIXTURE, SCHEMAS
from assets.workspace import Workspace, now
from corpus.version import FORMAT, MANIFEST_SCHEMA
from substrate.store.failpoints import failpoint


@dg.asset(
    deps=[mixture], group_name="dataset", kinds={"parquet"}, code_version=FORMAT, owners=["team:curators"],
)  # fmt: skip
def dataset_version(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The published version: the same items, recipe and policy always give the same id."""
    with workspace.open() as home:
        published = publish(home, now)
        failpoint("build.published")
        body = published.document.body
        know_versions(context.instance, home)
        changes, versions = change_table(home, published.document), version_table(home)
    context.instance.add_run_tags(context.run_id, {VERSION_TAG: version_key(body["version"])})
    context.log.info(f"version {body['version']}")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(body["version"]),
        metadata={
            "version": body["version"],
            "dagster/row_count": body["items"],
            "refused": body["refused"],
            "fresh": published.fresh,
            "document": published.document.digest,
            "changes": dg.MetadataValue.md(changes),
            "versions": dg.MetadataValue.md(versions),
            "dagster/column_schema": column_schema(MANIFEST_SCHEMA),
            "dagster/column_lineage": column_lineage(MANIFEST_SCHEMA, "mixture", SCHEMAS[MIXTURE]),
        },
    )


@dg.asset_check(asset=dataset_version, blocking=True)
def root_was_signed(workspace: Workspace) -> dg.AssetCheckResult:
    """The rows of the newest manifest give the root and the id that the node signed."""
    with workspace.open() as home:
        version = published_versions(home)[-1]
        problems = manifest_problems(home, version)
    return dg.AssetCheckResult(
        passed=not problems,
        metadata={"version": version.body["version"], "items": version.body["items"]},
        description="; ".join(problems) or f"{version.body['items']} rows give the signed root",
    )
