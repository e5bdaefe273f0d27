"""Honest and lying workers against the audit: `python benchmarks/audits.py [--minutes 20] [--cache FOLDER]`.

Prompts come from templates: some to calibrate on, fresh ones for the figures. Every prompt that was measured is kept in
the cache, so a run goes on where the one before ended; ``--minutes`` (of CPU time) bounds one run. Cases take turns.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.auditing.prompts import prompts
from benchmarks.auditing.report import report
from benchmarks.auditing.workers import CASES, SLOTS, Bench, Case
from compute_mesh.runtime.model import FILES, packaged_folder

#: Seeds of the prompts that tolerances come from, and of those that the figures come from.
SEEDS: Final = {"calibration": 101, "fresh": 202}
_MOST: Final = 400
Records = dict[str, dict[str, dict[str, Any]]]


def main() -> None:
    """Measure for a while, then write the table of what there is."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "lecs-audits")
    given = parser.parse_args()
    records = kept(given.cache)
    if given.minutes:
        measure(given.cache, records, given.minutes * 60)
    report(records)


def kept(cache: Path) -> Records:
    """What earlier runs measured: by case, then by set and number of the prompt."""
    found: Records = {case.name: {} for case in CASES}
    path = cache / "records.jsonl"
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        record = json.loads(line)
        found.setdefault(record["case"], {})[record["prompt"]] = record
    return found


def measure(cache: Path, records: Records, seconds: float) -> None:
    """One batch of each case in turn, until the time or the prompts are used up."""
    bench = Bench(packaged_folder() / FILES[0]["path"], cache)
    calibrating = prompts(SEEDS["calibration"], _MOST)
    texts = {"calibration": calibrating, "fresh": prompts(SEEDS["fresh"], _MOST, without=calibrating)}
    begun = time.process_time()
    waiting = {case.name: wanted(case, records[case.name]) for case in CASES}
    with (cache / "records.jsonl").open("a", encoding="utf-8") as file:
        while any(waiting.values()):
            for case in CASES:
                if not (batch := waiting[case.name][:SLOTS]):
                    continue
                if any(waiting[other.name] for other in CASES if other.turn < case.turn):
                    continue
                if time.process_time() - begun > seconds:
                    return
                del waiting[case.name][:SLOTS]
                found = bench.measure(case, [texts[name][number] for name, number in batch])
                for (name, number), record in zip(batch, found, strict=True):
                    whole = {"case": case.name, "prompt": f"{name} {number}", **record}
                    records[case.name][whole["prompt"]] = whole
                    file.write(json.dumps(whole) + "\n")
                file.flush()


def wanted(case: Case, done: dict[str, Any]) -> list[tuple[str, int]]:
    """The prompts of a case that are not measured yet: those to calibrate on first."""
    places = [("calibration", n) for n in range(case.prompts[0])] + [("fresh", n) for n in range(case.prompts[1])]
    return [(name, number) for name, number in places if f"{name} {number}" not in done]


if __name__ == "__main__":
    main()
