"""Wiring of `lecs pending` and of the inbox in Dagster: home, folder, form, redactor, terms."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from consent.forms import read_form
from consent.inbox.batches import find_batch, pending_batches
from consent.inbox.confirming import Confirmation
from consent.inbox.consuming import Inbox, Scan, Taken
from consent.inbox.folder import SETTLED_SECONDS
from consent.intake import Outcome, Terms
from consent.upkeep import tidy_up
from lecs_pipeline.clock import now
from lecs_pipeline.redactor import redactor_of
from lecs_pipeline.settings import inbox_path
from lecs_pipeline.taking import MAX_FORM_BYTES, Progress, assistance_of
from substrate.store.buildlock import build_lock
from substrate.store.files import read_plain
from substrate.store.home import open_home
from substrate.store.leftovers import sweep_home
from substrate.store.pending import PendingBatch
from substrate.store.refused_files import RefusedFile


def scan_inbox(
    path: Path, folder: Path, *, consent: Path | None = None, settled: float = SETTLED_SECONDS,
    retry: bool = True, locked: bool = False, say: Callable[[str], None] = lambda _: None,
) -> Scan:  # fmt: skip
    """Consume what is ready in a folder. ``locked`` says that the caller holds the home's lock already.

    Raises:
        UnreadableSource: the folder is not there, or lies in the home.
    """
    form = read_form(read_plain(consent, MAX_FORM_BYTES).decode("utf-8")) if consent else {}
    with open_home(path) as home, _lock(path, locked, say):
        sweep_home(path)
        tidy_up(home, now())
        inbox = Inbox(home, folder, lambda: redactor_of(home), now, time.time, form, settled, retry)
        return inbox.scan(lambda name: say(f"reading {name}"))


def consume_inbox(path: Path) -> tuple[Scan | None, list[PendingBatch]]:
    """For the asset ``pending``, whose run holds the lock: a look at the configured inbox, and what waits after it."""
    folder = inbox_path()
    scan = scan_inbox(path, folder, retry=False, locked=True) if folder else None
    with open_home(path) as home:
        tidy_up(home, now())
        return scan, pending_batches(home)


def confirm_pending(
    path: Path, beginning: str, form: Path | None, preview: str, outcome: Callable[[Outcome], None], progress: Progress
) -> Callable[[], int]:
    """Sign a batch; call what this returns once every code has been handed over: it tells how many lines stay."""
    terms = Terms({}, assistance_of(form), preview)
    with open_home(path) as home:
        sweep_home(path)
        tidy_up(home, now())
        confirmation = Confirmation(home, find_batch(home, beginning).batch, terms, now)
        with progress("Signing", confirmation.source.total) as advance:
            for one in confirmation.run():
                outcome(one)
                advance()

    def finish() -> int:
        with open_home(path) as opened:
            confirmation.home = opened
            confirmation.finish()
        return confirmation.left

    return finish


def batch_json(one: PendingBatch) -> dict[str, Any]:
    """A batch as `lecs pending list --json` prints it. ``items`` is what a confirmation would take, held included."""
    held = one.counts.get("held", 0)
    return {
        "batch": one.batch,
        "state": one.state,
        "items": one.counts.get("ready", 0) + held,
        "held": held,
        "already": one.counts.get("already", 0),
        "refused": one.counts.get("refused", 0),
        "expires": one.expires,
    }


def scan_json(scan: Scan) -> dict[str, Any]:
    """What `lecs pending scan --json` prints."""
    return {
        "taken": [_taken_json(one) for one in scan.taken],
        "refused": [refused_json(one) for one in scan.refused],
        "waiting": [{"file": name, "reason": reason} for name, reason in scan.waiting.items()],
    }


def refused_json(one: RefusedFile) -> dict[str, Any]:
    """A file that was not taken."""
    return {"file": one.name, "folder": one.folder, "reason": one.reason, "detail": one.detail, "time": one.time}


def _taken_json(one: Taken) -> dict[str, Any]:
    counts = one.counts
    return {
        "batch": one.batch,
        "file": one.name,
        "items": counts["ready"] + counts["held"],
        "held": counts["held"],
        "already": counts["already"],
        "refused": counts["refused"],
    }


def _lock(path: Path, locked: bool, say: Callable[[str], None]) -> AbstractContextManager[None]:
    if locked:
        return nullcontext()
    return build_lock(path, "lecs pending scan", waiting=lambda holder: say(f"waiting for {holder}"))
