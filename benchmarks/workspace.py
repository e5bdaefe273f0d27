"""What checks and dbt cost beside a build: `python benchmarks/workspace.py [ITEMS]`.

A home of synthetic items is built by `lecs dataset build`, then its warehouse by `lecs warehouse build`, as a curator
does. Dagster's own record of the runs says how long each step took; every check is a step of its own, and so is dbt.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent))

import dagster as dg
from side_by_side import publish_lines
from synthetic import make_home

from lecs_pipeline.runs import open_instance

LECS: Final = str(Path(sys.executable).parent / "lecs")
DBT: Final = "models"


def run(home: Path, *words: str) -> float:
    """Wall seconds of a command, its start included."""
    begun = time.monotonic()
    subprocess.run([LECS, *words, "--home", str(home)], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begun


def steps_of(instance: dg.DagsterInstance, job: str) -> dict[str, float]:
    """Seconds of each step of the newest run of a job."""
    (last,) = instance.get_runs(dg.RunsFilter(job_name=job), limit=1)
    stats: Any = instance.get_run_step_stats(last.run_id)
    return {one.step_key: one.end_time - one.start_time for one in stats}


def checks_of(instance: dg.DagsterInstance, job: str) -> set[str]:
    """The steps of that run that were checks."""
    (last,) = instance.get_runs(dg.RunsFilter(job_name=job), limit=1)
    found = instance.all_logs(last.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    return {str(entry.step_key) for entry in found}


def main(items: int) -> None:
    """Measure, print and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        home = make_home(Path(folder) / "home", items)
        whole, warehouse = run(home, "dataset", "build"), run(home, "warehouse", "build")
        with open_instance(home) as instance:
            build, made = steps_of(instance, "build"), steps_of(instance, "warehouse")
            checks = checks_of(instance, "build")
    steps = sum(build.values())
    checked = sum(seconds for step, seconds in build.items() if step in checks)
    dbt = made.get(DBT, 0.0)
    lake = sum(made.values()) - dbt
    lines = [f"| build: {step} | {seconds:.1f} | {100 * seconds / steps:.0f} % |" for step, seconds in build.items()]
    lines += [
        f"| **all steps of the build** | {steps:.1f} | 100 % |",
        f"| **its checks together** | {checked:.1f} | {100 * checked / steps:.0f} % |",
        f"| `lecs dataset build`, with its start | {whole:.1f} | {100 * whole / steps:.0f} % |",
        f"| warehouse: lake and folds | {lake:.1f} | {100 * lake / steps:.0f} % |",
        f"| **warehouse: dbt, its tests, comparison with the folds** | {dbt:.1f} | {100 * dbt / steps:.0f} % |",
        f"| `lecs warehouse build`, with its start | {warehouse:.1f} | {100 * warehouse / steps:.0f} % |",
    ]
    header = f"| {items:,} items | wall s | of the build's steps |\n|---|---:|---:|"
    publish_lines("workspace", f"python benchmarks/workspace.py {items}", header, lines, "Steps run one after another.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
