"""What every sensor asks before it asks for a run, and how it counts attempts.

Dagster launches a run key only once, so a key made of the wish alone would lose it when that run dies: the key also
counts attempts at the same wish.
"""

import json
from pathlib import Path
from typing import Any, Final

import dagster as dg

MAX_ATTEMPTS: Final = 5
_ENDED: Final = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def resting(path: Path) -> str | None:
    """Why no run can use this home now, in words; None where one can."""
    from substrate.store.buildlock import lock_holder
    from substrate.store.home import home_exists

    if not home_exists(path):
        return f"there is no home at {path} yet"
    if holder := lock_holder(path):
        return f"the home is in use: {holder}"
    return None


def in_progress(
    instance: dg.DagsterInstance, *, job: str | None = None, tags: dict[str, str] | None = None
) -> str | None:
    """The state of a run that was asked for and has not ended, after runs whose process died were failed."""
    from lecs_pipeline.runs import fail_dead_runs

    fail_dead_runs(instance)
    statuses = [status for status in dg.DagsterRunStatus if status not in _ENDED]
    runs = instance.get_runs(dg.RunsFilter(job_name=job, tags=tags, statuses=statuses), limit=1)
    return runs[0].status.value.lower() if runs else None


def request(
    cursor: str | None, wish: str, failed: str, tags: dict[str, str] | None = None
) -> dg.SensorResult | dg.SkipReason:
    """A run for this wish; after `MAX_ATTEMPTS` that failed, only the sentence ``failed`` with their number."""
    state: dict[str, Any] = json.loads(cursor) if cursor else {}
    attempt = state.get("attempt", 0) + 1 if state.get("wish") == wish else 1
    if attempt > MAX_ATTEMPTS:
        return dg.SkipReason(f"{MAX_ATTEMPTS} {failed}")
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"{wish}:{attempt}", tags=tags)],
        cursor=json.dumps({"wish": wish, "attempt": attempt}),
    )
