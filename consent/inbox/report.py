"""The file that takes an archive's place in the inbox: line numbers and reasons, and never a text."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from consent.inbox.draft import READY, Draft
from consent.inbox.folder import REPORT
from substrate.store.files import write_atomic
from substrate.store.leftovers import sweep_beside

FORMAT: Final = "lecs-inbox-report-1"
#: More lines than these are counted, not listed.
MAX_LISTED: Final = 10_000


def report_path(archive: Path) -> Path:
    """Where the report on an archive lies: beside it, and in its place once it is gone."""
    return archive.with_name(f"{archive.name}{REPORT}")


class Report:
    """Gathers what became of the lines; what is ready needs no mention."""

    def __init__(self) -> None:
        self.counts = {"ready": 0, "held": 0, "already": 0, "refused": 0}
        self.reasons: dict[str, int] = {}
        self.lines: list[dict[str, Any]] = []

    def add(self, drafts: Iterable[Draft]) -> None:
        """Count lines, and list the first of those that somebody may ask about."""
        for draft in drafts:
            self.counts[draft.status] += 1
            if draft.status == READY:
                continue
            if draft.reason:
                self.reasons[draft.reason] = self.reasons.get(draft.reason, 0) + 1
            if len(self.lines) < MAX_LISTED:
                entry = {"line": draft.line, "status": draft.status, "reason": draft.reason, "detail": draft.detail}
                self.lines.append(entry)

    @property
    def brought_nothing(self) -> bool:
        """Whether no line can be signed, and none was given before."""
        return not any(self.counts[status] for status in ("ready", "held", "already"))

    def write(self, archive: Path, **head: str) -> None:
        """Put the report beside the archive; ``head`` says what became of it as a whole."""
        unlisted = sum(self.counts.values()) - self.counts[READY] - len(self.lines)
        body = {
            "format": FORMAT,
            "archive": archive.name.encode("utf-8", "replace").decode(),
            **head,
            "counts": self.counts,
            "lines": self.lines,
            "lines_not_listed": unlisted,
        }
        path = report_path(archive)
        sweep_beside(path)
        write_atomic(path, json.dumps(body, ensure_ascii=False, indent=1).encode("utf-8"))
