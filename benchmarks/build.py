"""From stored items to a published version, and to the next one: `python benchmarks/build.py 10000 100000`.

Each row is measured in a process of its own, without Dagster: wall time, CPU time, and the most memory that the
process ever had (VmHWM) up to the end of that step. Homes are made by `synthetic.py` under --folder (a
temporary one when left out) and used again when they are there.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from side_by_side import publish_lines
from synthetic import contribution_of, make_home, withdrawal_key

from assets.corpus.commitments import check_commitments
from assets.corpus.uniqueness import keep_unique
from assets.dataset.publishing import publish
from assets.intake.eligibility import refused_rows, survey_home, wanted_now
from assets.mixture.weighing import weigh_unique
from assets.stages import MIXTURE, parts
from consent.change import Voice, withdraw
from lecs_pipeline.clock import now
from substrate.store.home import Home, open_home

Step = tuple[str, Callable[[Home], Any]]

BUILD: list[Step] = [
    ("gate, order, sketches", lambda home: survey_home(home, now())),
    ("near-duplicates", keep_unique),
    ("mixture weights", weigh_unique),
    ("manifest, publication", lambda home: publish(home, now).document.body["version"]),
]
CHECKS: list[Step] = [
    ("check: every commitment", lambda home: len(check_commitments(home)[1])),
    (
        "check: the gate for every row",
        lambda home: sum(len(refused_rows(home, part, now())) for part in parts(home, MIXTURE)),
    ),
    ("wanted digest, nothing changed", lambda home: wanted_now(home, now())),
]


def peak_megabytes() -> int:
    """VmHWM of this process (`getrusage` would also count the process that it was forked from)."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024


def measure(path: Path, steps: list[Step]) -> None:
    """Run the steps, and print a line of JSON for each."""
    print(json.dumps({"step": "(start: imports)", "wall": 0.0, "cpu": 0.0, "peak": peak_megabytes()}), flush=True)
    with open_home(path) as home:
        for name, work in steps:
            wall, cpu = time.perf_counter(), time.process_time()
            result = work(home)
            line = {"step": name, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            print(json.dumps({**line, "peak": peak_megabytes(), "result": str(result)[:64]}), flush=True)


def fresh(path: Path, what: str) -> list[dict[str, Any]]:
    """Measure in a process of its own."""
    found = []
    command = [sys.executable, __file__, "--measure", what, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            found.append(json.loads(line))
            print(f"  {what}: {line.strip()}", flush=True)
    assert process.returncode == 0, what
    return found


def run(folder: Path, size: int) -> list[str]:
    """All lines of the table for one size."""
    path = make_home(folder / str(size), size) if not (folder / str(size)).exists() else folder / str(size)
    full = fresh(path, "build")
    lines = [_line(size, entry) for entry in full]
    whole = sum(entry["cpu"] for entry in full), sum(entry["wall"] for entry in full)
    lines.append(_total(size, "**full build**", whole, whole, full[-1]["peak"]))
    lines += [_line(size, entry) for entry in fresh(path, "checks")[1:]]
    with open_home(path) as home:
        withdraw(home, contribution_of(home, size // 3), Voice(withdrawal_key(), "withdrawal-key"), now())
    lines.append(_again(path, size, "after one withdrawal", whole))
    make_home(path, size + max(1, size // 100), first=size, contributors=size // 10 + 1)
    lines.append(_again(path, size, "after 1 % new items", whole))
    return lines


def _again(path: Path, size: int, what: str, whole: tuple[float, float]) -> str:
    found = fresh(path, "build")
    spent = sum(entry["cpu"] for entry in found), sum(entry["wall"] for entry in found)
    return _total(size, f"**new version {what}**", spent, whole, found[-1]["peak"])


def _line(size: int, entry: dict[str, Any]) -> str:
    return f"| {size:,} | {entry['step']} | {entry['wall']:,.1f} | {entry['cpu']:,.1f} | {entry['peak']} | |"


def _total(size: int, what: str, spent: tuple[float, float], whole: tuple[float, float], peak: int) -> str:
    share = "" if spent is whole else f"{100 * spent[0] / whole[0]:.1f} % of CPU, {100 * spent[1] / whole[1]:.1f} %"
    return f"| {size:,} | {what} | {spent[1]:,.1f} | {spent[0]:,.1f} | {peak} | {share} |"


def main() -> None:
    """Measure each size, print and write the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("sizes", nargs="*", type=int)
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--measure", nargs=2, metavar=("WHAT", "HOME"))
    chosen = arguments.parse_args()
    if chosen.measure:
        measure(Path(chosen.measure[1]), BUILD if chosen.measure[0] == "build" else CHECKS)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for size in chosen.sizes or [10_000, 100_000]:
            header = "| items | step | wall s | CPU s | peak MB | of the full build |\n|---:|---|---:|---:|---:|---|"
            publish_lines(f"build-{size}", f"python benchmarks/build.py {size}", header, run(folder, size))


if __name__ == "__main__":
    main()
