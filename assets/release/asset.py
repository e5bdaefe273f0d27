"""The asset ``release``, a partition per dataset version, and its checks: the checklist and the rows that leave.

How a version is exported is passed in as the resource `export_version`: the wiring knows it, this floor does not.
"""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from assets.columns import column_schema
from assets.dataset.asset import dataset_version
from assets.dataset.publishing import published_versions
from assets.lineage import column_lineage
from assets.partitions import VERSION_TAG, VERSIONS, version_key
from assets.plots import bars
from assets.release.checklist import Entry, checklist
from assets.release.expectations import expect_rows
from assets.release.reading import read_rows
from assets.workspace import Workspace, now
from corpus.agreement import README
from corpus.export import SHARD_SCHEMA
from corpus.sums import SUMS
from corpus.version import MANIFEST_SCHEMA
from substrate.record.documents import Document
from substrate.store.errors import HomeExists, NotFound
from substrate.store.home import Home

ExportVersion = Callable[[Home, Document, Path], dict[str, Any]]


@dg.asset(
    deps=[dataset_version], group_name="release", kinds={"parquet", "huggingface"}, code_version="2",
    owners=["team:curators"], partitions_def=VERSIONS,
)  # fmt: skip
def release(
    context: dg.AssetExecutionContext, workspace: Workspace, export_version: dg.ResourceParam[ExportVersion]
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """A version as a folder: shards, card, datasheet, AI Act summary, Croissant, sums, signature."""
    with workspace.open() as home:
        version = version_of(home, partition_of(context))
        folder = release_folder(home, version)
        folder.parent.mkdir(exist_ok=True)
        try:
            told = export_version(home, version, folder)
        except HomeExists:  # One from before a change of mind: a release is derived, and made again.
            shutil.rmtree(folder)
            told = export_version(home, version, folder)
        rows = read_rows(folder)
    context.instance.add_run_tags(context.run_id, {VERSION_TAG: version_key(version.body["version"])})
    return dg.MaterializeResult(
        data_version=dg.DataVersion(_content(folder)),
        metadata={
            "version": version.body["version"],
            "dagster/row_count": rows.height,
            "with_text": int(rows["shown"].sum()),
            "folder": dg.MetadataValue.path(str(folder)),
            "files": dg.MetadataValue.md(_files(folder, told["files"])),
            "card": dg.MetadataValue.md(_card(folder)),
            "languages": dg.MetadataValue.md(bars(rows, "language")),
            "licences": dg.MetadataValue.md(bars(rows, "licence")),
            "dagster/column_schema": column_schema(SHARD_SCHEMA),
            "dagster/column_lineage": column_lineage(
                SHARD_SCHEMA, "dataset_version", MANIFEST_SCHEMA, {"text": ("row",), "licence": ("contribution",)}
            ),
        },
    )


@dg.asset_check(asset=release, blocking=True)
def release_checklist(context: dg.AssetCheckExecutionContext, workspace: Workspace) -> dg.AssetCheckResult:
    """What must hold before anybody sees a release: redaction figures, gate, erasures, documents, sums, signature."""
    with workspace.open() as home:
        entries = checklist(home, release_folder(home, version_of(home, partition_of(context))), now())
    failed = [entry for entry in entries if not entry.ok]
    return dg.AssetCheckResult(
        passed=not failed,
        metadata={"checklist": dg.MetadataValue.md(checklist_table(entries))},
        description="; ".join(f"{entry.name}: {entry.detail}" for entry in failed) or f"{len(entries)} entries hold",
    )


@dg.asset_check(asset=release, blocking=True)
def release_rows(context: dg.AssetCheckExecutionContext, workspace: Workspace) -> dg.AssetCheckResult:
    """What leaves, row by row, through Great Expectations. It sees no text, and its pages show none."""
    with workspace.open() as home:
        version = version_of(home, partition_of(context))
        found = expect_rows(release_folder(home, version), home.derived / "expectations" / _key(version))
    return dg.AssetCheckResult(
        passed=found.passed,
        metadata={
            "expectations": dg.MetadataValue.md(found.table),
            "rows": found.rows,
            "seconds": found.seconds,
            "pages": dg.MetadataValue.path(str(found.pages)),
        },
        description="; ".join(found.problems) or f"{found.expectations} expectations hold of {found.rows} rows",
    )


def partition_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> str | None:
    """Which version a run is about; None means the newest."""
    return context.partition_key if context.has_partition_key else None


def version_of(home: Home, key: str | None) -> Document:
    """The newest document of the version that a partition names, or the newest of all.

    Raises:
        NotFound: there is none.
    """
    found = [v for v in published_versions(home) if key is None or _key(v) == key]
    if not found:
        raise NotFound("no such version has been published: run `lecs dataset build`, then `lecs dataset list`")
    return found[-1]


def release_folder(home: Home, version: Document) -> Path:
    """Where the release of a version is kept in the home."""
    return home.path / "exports" / _key(version)


def checklist_table(entries: list[Entry]) -> str:
    """The checklist as a Markdown table, readable without colour."""
    lines = ["| | entry | what was found |", "|---|---|---|"]
    return "\n".join(lines + [f"| {'holds' if e.ok else 'FAILS'} | {e.name} | {e.detail} |" for e in entries])


def _key(version: Document) -> str:
    return version_key(str(version.body["version"]))


def _content(folder: Path) -> str:
    """SHA-256 of the sums of what people load: shards and the list of withdrawn rows. Signing times are not in it."""
    lines = (folder / SUMS).read_text("utf-8").splitlines(keepends=True)
    loaded = "".join(line for line in lines if "data/" in line or "withdrawn" in line)
    return hashlib.sha256(loaded.encode()).hexdigest()


def _files(folder: Path, names: list[str]) -> str:
    lines = ["| file | bytes |", "|---|---:|"]
    return "\n".join(lines + [f"| `{name}` | {(folder / name).stat().st_size:,} |" for name in names])


def _card(folder: Path) -> str:
    """The dataset card as people read it, without the lines that only machines read."""
    text = (folder / README).read_text("utf-8")
    return text.split("\n---\n", 1)[-1].strip() if text.startswith("---\n") else text
