"""Build when what a version should be made of differs from what was published, never because a log grew.

Dagster launches a run key only once, so a key made of the wished digest alone would lose it when that run
dies: the key also counts attempts.
"""

import json
from typing import Any

import dagster as dg

from lecs_pipeline.settings import home_path

MAX_ATTEMPTS = 5
WISH = "lecs/wanted"
_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@dg.sensor(
    job_name="build",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a build when consents, recipe or policy want another version than the newest one.",
)
def wanted_version(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Compare the wished digest with that of the newest version."""
    from assets.dataset.publishing import latest_for
    from assets.intake.eligibility import wanted_now
    from assets.partitions import know_versions
    from assets.workspace import now
    from lecs_pipeline.runs import fail_dead_runs
    from substrate.store.buildlock import lock_holder
    from substrate.store.home import home_exists, open_home

    path = home_path()
    if not home_exists(path):
        return dg.SkipReason(f"there is no home at {path} yet")
    if holder := lock_holder(path):
        return dg.SkipReason(f"a build is running: {holder}")
    with open_home(path) as home:
        know_versions(context.instance, home)
        wanted = wanted_now(home, now())
        if latest_for(home, wanted) is not None:
            return dg.SkipReason("the newest version is what is wanted")
    fail_dead_runs(context.instance)
    if (state := _in_progress(context.instance, wanted)) is not None:
        return dg.SkipReason(f"a build of this wish is {state}")
    return _request(context.cursor, wanted)


@dg.sensor(
    job_name="warehouse",
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a new warehouse when the ledger grew since the last one, or a day has passed.",
)
def stale_warehouse(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Compare how far the ledger goes with what the warehouse was made from; holds and ends come with the day."""
    from assets.warehouse.publishing import made_from
    from assets.workspace import now
    from lecs_pipeline.runs import fail_dead_runs
    from substrate.store.buildlock import lock_holder
    from substrate.store.home import home_exists, open_home

    path = home_path()
    if not home_exists(path):
        return dg.SkipReason(f"there is no home at {path} yet")
    if holder := lock_holder(path):
        return dg.SkipReason(f"a build is running: {holder}")
    with open_home(path) as home:
        position, made, day = home.ledger.high_water(), made_from(home), now()[:10]
    if made is not None and made[1] == position and made[0][:10] == day:
        return dg.SkipReason("the warehouse is what the ledger says")
    wanted = f"warehouse {position} {day}"
    fail_dead_runs(context.instance)
    if (state := _in_progress(context.instance, wanted)) is not None:
        return dg.SkipReason(f"a run for this warehouse is {state}")
    return _request(context.cursor, wanted)


def _in_progress(instance: dg.DagsterInstance, wanted: str) -> str | None:
    """The state of a run that was asked for and has not ended; it is no failed attempt yet."""
    statuses = [status for status in dg.DagsterRunStatus if status not in _ENDED]
    runs = instance.get_runs(dg.RunsFilter(tags={WISH: wanted[:32]}, statuses=statuses), limit=1)
    return runs[0].status.value.lower() if runs else None


def _request(cursor: str | None, wanted: str) -> dg.SensorResult | dg.SkipReason:
    state: dict[str, Any] = json.loads(cursor) if cursor else {}
    attempt = state.get("attempt", 0) + 1 if state.get("wanted") == wanted else 1
    if attempt > MAX_ATTEMPTS:
        return dg.SkipReason(f"{MAX_ATTEMPTS} builds of this wish failed: look at their runs, then build by hand")
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"{wanted}:{attempt}", tags={WISH: wanted[:32]})],
        cursor=json.dumps({"wanted": wanted, "attempt": attempt}),
    )
