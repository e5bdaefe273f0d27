"""Timing two ways of doing the same work, in turns within one run, and writing the table down."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One comparison: units per second of ours and of what a user would otherwise use."""

    what: str
    unit: str
    ours: float
    theirs: float
    reference: str
    aim: str

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours / self.theirs


def rate(
    work: Callable[[], int],
    other: Callable[[], int],
    rounds: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """Median units per second of both, measured in turns so that the machine's mood hits both alike.

    For work that only computes, ``clock`` may be `time.process_time`: seconds of all cores together.
    """
    first, second = [], []
    for _ in range(rounds):
        for function, rates in ((work, first), (other, second)):
            start = clock()
            units = function()
            rates.append(units / (clock() - start))
    return statistics.median(first), statistics.median(second)


def publish(name: str, command: str, rows: list[Row], notes: str = "") -> None:
    """Print the table and write it to benchmarks/results/NAME.md."""
    header = "| what | ours | reference | ratio | aim |\n|---|---:|---:|---:|---:|"
    lines = [
        f"| {r.what} | {r.ours:,.0f} {r.unit}/s | {r.theirs:,.0f} {r.unit}/s ({r.reference})"
        f" | {r.ratio:.2f} | {r.aim} |"
        for r in rows
    ]
    publish_lines(name, command, header, lines, "Medians of runs in turns." + (f" {notes}" if notes else ""))


def publish_lines(name: str, command: str, header: str, lines: list[str], notes: str = "") -> None:
    """Print a table and write it to benchmarks/results/NAME.md."""
    load, cores = os.getloadavg()[1], os.cpu_count() or 1
    about = (
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}, {platform.processor() or platform.machine()}, "
        f"{cores} cores (load of the last five minutes: {load:.1f}), Python {platform.python_version()}."
    )
    if load > cores:
        about += " Other work loaded the machine: go by CPU times and ratios, not by wall times."
    text = "\n".join([f"# {name}", "", f"{about} {notes}".strip(), "", header, *lines]) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, "utf-8")
    print(text)
