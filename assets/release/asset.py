"""The asset ``release`` and its check: the release checklist.

How a version is exported is passed in as the resource `export_version`: the wiring knows it, this floor does not.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from assets.dataset.asset import dataset_version
from assets.dataset.publishing import published_versions
from assets.release.checklist import Entry, checklist
from assets.workspace import Workspace, now
from substrate.record.documents import Document
from substrate.store.errors import HomeExists, NotFound
from substrate.store.home import Home

ExportVersion = Callable[[Home, Document, Path], dict[str, Any]]


@dg.asset(
    deps=[dataset_version], group_name="release", kinds={"parquet", "markdown"}, code_version="1",
    owners=["team:curators"],
)  # fmt: skip
def release(workspace: Workspace, export_version: dg.ResourceParam[ExportVersion]) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The newest version as a folder: shards, card, datasheet, AI Act summary, Croissant, sums, signature."""
    with workspace.open() as home:
        version = _newest(home)
        folder = release_folder(home, version)
        folder.parent.mkdir(exist_ok=True)
        try:
            told = export_version(home, version, folder)
        except HomeExists:  # One from before a change of mind: a release is derived, and made again.
            shutil.rmtree(folder)
            told = export_version(home, version, folder)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.body["version"]),
        metadata={
            "version": version.body["version"],
            "dagster/row_count": version.body["items"],
            "folder": dg.MetadataValue.path(str(folder)),
            "files": dg.MetadataValue.md("\n".join(f"- `{name}`" for name in told["files"])),
        },
    )


@dg.asset_check(asset=release, blocking=True)
def release_checklist(workspace: Workspace) -> dg.AssetCheckResult:
    """What must hold before anybody sees a release: redaction figures, gate, erasures, documents, sums, signature."""
    with workspace.open() as home:
        entries = checklist(home, release_folder(home, _newest(home)), now())
    failed = [entry for entry in entries if not entry.ok]
    return dg.AssetCheckResult(
        passed=not failed,
        metadata={"checklist": dg.MetadataValue.md(checklist_table(entries))},
        description="; ".join(f"{entry.name}: {entry.detail}" for entry in failed) or f"{len(entries)} entries hold",
    )


def release_folder(home: Home, version: Document) -> Path:
    """Where the release of a version is kept in the home."""
    return home.path / "exports" / str(version.body["version"])[:16]


def checklist_table(entries: list[Entry]) -> str:
    """The checklist as a Markdown table, readable without colour."""
    lines = ["| | entry | what was found |", "|---|---|---|"]
    return "\n".join(lines + [f"| {'holds' if e.ok else 'FAILS'} | {e.name} | {e.detail} |" for e in entries])


def _newest(home: Home) -> Document:
    versions = published_versions(home)
    if not versions:
        raise NotFound("no version has been published yet: run `lecs dataset build`")
    return versions[-1]
