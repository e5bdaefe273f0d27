"""What the workspace does by itself while it runs: both are on from the start, and can be switched off in the UI.

Builds answer to a wish (see `lecs_pipeline.sensors`), never to a log that grew. Assets beside the way from consent to
version carry a condition of their own, and follow when what they stand on was made anew. Every night the
build runs once more: nothing has changed, mostly, and the counts over time get their point of the day.
"""

from typing import Final

import dagster as dg

EVERY_NIGHT: Final = "0 3 * * *"

automation = dg.AutomationConditionSensorDefinition(
    "automation",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Makes assets again that say so in their automation condition.",
)

every_night = dg.ScheduleDefinition(
    name="every_night",
    job_name="build",
    cron_schedule=EVERY_NIGHT,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Builds once a night, wanted or not: the same items give the same version, and every check runs again.",
)
