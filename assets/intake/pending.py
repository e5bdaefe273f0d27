"""The asset ``pending``: archives of the inbox that wait for a steward. Counts only; no text and no file name.

How an inbox is consumed is passed in as the resource `consume_inbox`: the wiring knows folder, form and redactor.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import dagster as dg

from assets.failures import as_failure
from assets.workspace import Workspace


class WaitingBatch(Protocol):
    """What is shown of a batch."""

    @property
    def batch(self) -> str:
        """Its id."""

    @property
    def expires(self) -> str:
        """When it is erased if nobody confirms it."""

    @property
    def counts(self) -> dict[str, int]:
        """Lines by status: ready, held, already, refused."""


class RefusedArchive(Protocol):
    """What is shown of a file that was not taken."""

    @property
    def reason(self) -> str:
        """A short code."""


class InboxScan(Protocol):
    """What one look at the inbox did."""

    @property
    def taken(self) -> Sequence[object]:
        """Archives that became batches."""

    @property
    def refused(self) -> Sequence[RefusedArchive]:
        """Files that were not taken."""

    @property
    def waiting(self) -> dict[str, str]:
        """Files that are left for later, and why."""


ConsumeInbox = Callable[[Path], tuple[InboxScan | None, Sequence[WaitingBatch]]]
_STATUSES = ("ready", "held", "already", "refused")


@dg.asset(group_name="intake", kinds={"sqlite"}, code_version="1", owners=["team:stewards"])
def pending(workspace: Workspace, consume_inbox: dg.ResourceParam[ConsumeInbox]) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Archives from the inbox, redacted and sealed, that nobody has confirmed yet; they expire and are erased."""
    with as_failure():
        scan, batches = consume_inbox(Path(workspace.home))
    names = "\n".join(sorted(one.batch for one in batches))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(hashlib.sha256(names.encode("ascii")).hexdigest()),
        metadata={
            "dagster/row_count": sum(one.counts.get("ready", 0) + one.counts.get("held", 0) for one in batches),
            "batches": dg.MetadataValue.md(batches_table(batches)),
            "inbox": "none is configured" if scan is None else "looked at",
            "archives_taken": len(scan.taken) if scan else 0,
            "archives_refused": len(scan.refused) if scan else 0,
            "archives_left_for_later": len(scan.waiting) if scan else 0,
        },
    )


def batches_table(batches: Sequence[WaitingBatch]) -> str:
    """A Markdown table of what waits."""
    lines = ["| batch | ready | held | already | refused | erased on |", "|---|---:|---:|---:|---:|---|"]
    for one in batches:
        counts = " | ".join(str(one.counts.get(status, 0)) for status in _STATUSES)
        lines.append(f"| `{one.batch[:13]}` | {counts} | {one.expires} |")
    return "\n".join(lines) if batches else "nothing waits"
