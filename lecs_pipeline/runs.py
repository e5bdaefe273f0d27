"""Dagster's instance of a home: a cache under HOME/dagster, without telemetry."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from substrate.store.files import write_atomic

if TYPE_CHECKING:
    import dagster as dg

_CONFIGURATION: Final = """\
# Written by lecs. Dagster's database is a cache: it can be deleted, the ledger is the truth.
telemetry:
  enabled: false
nux:
  enabled: false
"""
#: A run that never said which process it is counts as dead when it has been silent for so long.
SILENCE_SECONDS: Final = 120.0


def dagster_home(home: Path) -> Path:
    """HOME/dagster with its configuration; made when it is not there, and named in the environment."""
    folder = home / "dagster"
    file = folder / "dagster.yaml"
    if not file.exists() or file.read_text("utf-8") != _CONFIGURATION:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(file, _CONFIGURATION.encode("utf-8"), durable=False)
    os.environ["DAGSTER_HOME"] = str(folder)
    return folder


def open_instance(home: Path) -> "dg.DagsterInstance":
    """Dagster's instance, after runs whose process died were failed."""
    import dagster as dg

    instance = dg.DagsterInstance.from_config(str(dagster_home(home)))
    fail_dead_runs(instance)
    return instance


def fail_dead_runs(instance: "dg.DagsterInstance") -> list[str]:
    """Fail runs that say they are in progress but whose process is gone, and free their slots."""
    import dagster as dg

    from assets.workspace import PROCESS_TAG, is_alive

    in_progress = [
        dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING,
        dg.DagsterRunStatus.NOT_STARTED,
    ]  # fmt: skip
    failed = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=in_progress)):
        mark = record.dagster_run.tags.get(PROCESS_TAG)
        silent = _age(record) > SILENCE_SECONDS
        if (mark is not None and not is_alive(mark)) or (mark is None and silent):
            instance.report_run_failed(
                record.dagster_run, "The process of this run is gone. Build again; nothing is lost."
            )
            instance.event_log_storage.free_concurrency_slots_for_run(record.dagster_run.run_id)
            failed.append(record.dagster_run.run_id)
    return failed


def _age(record: "dg.RunRecord") -> float:
    from datetime import UTC, datetime

    return (datetime.now(UTC) - record.update_timestamp.astimezone(UTC)).total_seconds()
