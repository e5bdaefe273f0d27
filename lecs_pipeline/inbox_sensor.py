"""Ask for a look at the inbox when an archive in it is ready. The sensor itself reads names and times only."""

import hashlib
import time
from pathlib import Path

import dagster as dg

from lecs_pipeline.asking import in_progress, request, resting
from lecs_pipeline.settings import home_path, inbox_path

JOB = "take_inbox"
_FAILED = "looks at these files failed: see their runs, or `lecs pending scan`"


@dg.sensor(
    job_name=JOB,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run that consumes the inbox (LECS_INBOX) when an archive lies there whole.",
)
def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Look at names and times; archives that were refused and have not changed since are no reason to run."""
    path, folder = home_path(), inbox_path()
    if folder is None:
        return dg.SkipReason("no inbox is configured: LECS_INBOX names its folder")
    if why := resting(path):
        return dg.SkipReason(why)
    ready = _ready(path, folder)
    if ready is None:
        return dg.SkipReason("no archive lies ready in the inbox")
    if in_progress(context.instance, job=JOB):
        return dg.SkipReason("a look at the inbox is in progress")
    return request(context.cursor, ready, _FAILED)


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
