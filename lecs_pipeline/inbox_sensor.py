"""Ask for a look at the inbox when an archive in it is ready. The sensor itself reads names and times only.

As for builds, Dagster launches a run key only once: the key also counts attempts at the same files.
"""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import dagster as dg

from lecs_pipeline.sensors import MAX_ATTEMPTS
from lecs_pipeline.settings import home_path, inbox_path

JOB = "take_inbox"
_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@dg.sensor(
    job_name=JOB,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run that consumes the inbox (LECS_INBOX) when an archive lies there whole.",
)
def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Look at names and times; archives that were refused and have not changed since are no reason to run."""
    from lecs_pipeline.runs import fail_dead_runs
    from substrate.store.buildlock import lock_holder
    from substrate.store.home import home_exists

    path, folder = home_path(), inbox_path()
    if folder is None:
        return dg.SkipReason("no inbox is configured: LECS_INBOX names its folder")
    if not home_exists(path):
        return dg.SkipReason(f"there is no home at {path} yet")
    if holder := lock_holder(path):
        return dg.SkipReason(f"the home is in use: {holder}")
    ready = _ready(path, folder)
    if ready is None:
        return dg.SkipReason("no archive lies ready in the inbox")
    fail_dead_runs(context.instance)
    statuses = [status for status in dg.DagsterRunStatus if status not in _ENDED]
    if context.instance.get_runs(dg.RunsFilter(job_name=JOB, statuses=statuses), limit=1):
        return dg.SkipReason("a look at the inbox is in progress")
    return _request(context.cursor, ready)


def _ready(path: Path, folder: Path) -> str | None:
    """A digest of names and marks of what a scan would read; None when that is nothing, or there is no folder."""
    from consent.inbox.consuming import check_folder, ready_archives
    from consent.inbox.folder import CONSUMED, SETTLED_SECONDS
    from consent.sources import UnreadableSource
    from substrate.store.home import open_home
    from substrate.store.refused_files import RefusedFiles

    try:
        checked = check_folder(path, folder)
    except UnreadableSource:
        return None
    with open_home(path) as home:
        refused = {(one.name, one.mark) for one in RefusedFiles(home.database).all() if one.folder == str(checked)}
    found = [f"{one.name}/{one.mark}" for one in ready_archives(checked, time.time(), SETTLED_SECONDS, refused)]
    found += [one.name for one in checked.glob(f".*{CONSUMED}")]
    return hashlib.sha256("\n".join(found).encode("utf-8")).hexdigest() if found else None


def _request(cursor: str | None, ready: str) -> dg.SensorResult | dg.SkipReason:
    state: dict[str, Any] = json.loads(cursor) if cursor else {}
    attempt = state.get("attempt", 0) + 1 if state.get("ready") == ready else 1
    if attempt > MAX_ATTEMPTS:
        return dg.SkipReason(f"{MAX_ATTEMPTS} looks at these files failed: see their runs, or `lecs pending scan`")
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"{ready}:{attempt}")],
        cursor=json.dumps({"ready": ready, "attempt": attempt}),
    )
