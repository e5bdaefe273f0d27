"""Build when what a version should be made of differs from what was published, never because a log grew."""

import dagster as dg

from lecs_pipeline.asking import in_progress, request, resting
from lecs_pipeline.settings import home_path

WISH = "lecs/wanted"
_FAILED = "builds of this wish failed: look at their runs, then build by hand"


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
    from substrate.store.home import open_home

    path = home_path()
    if why := resting(path):
        return dg.SkipReason(why)
    with open_home(path) as home:
        know_versions(context.instance, home)
        wanted = wanted_now(home, now())
        if latest_for(home, wanted) is not None:
            return dg.SkipReason("the newest version is what is wanted")
    return _ask(context, wanted, "a build of this wish")


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
    from substrate.store.home import open_home

    path = home_path()
    if why := resting(path):
        return dg.SkipReason(why)
    with open_home(path) as home:
        position, made, day = home.ledger.high_water(), made_from(home), now()[:10]
    if made is not None and made[1] == position and made[0][:10] == day:
        return dg.SkipReason("the warehouse is what the ledger says")
    return _ask(context, f"warehouse {position} {day}", "a run for this warehouse")


def _ask(context: dg.SensorEvaluationContext, wanted: str, what: str) -> dg.SensorResult | dg.SkipReason:
    """A run that carries its wish as a tag; one that was asked for and has not ended is no failed attempt yet."""
    tags = {WISH: wanted[:32]}
    if state := in_progress(context.instance, tags=tags):
        return dg.SkipReason(f"{what} is {state}")
    return request(context.cursor, wanted, _FAILED, tags)
