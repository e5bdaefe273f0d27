"""The home as a Dagster resource. For the length of a run it holds the home's build lock."""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from assets.failures import as_failure
from substrate.record.times import write_time
from substrate.store.buildlock import build_lock
from substrate.store.home import Home, open_home

PROCESS_TAG = "lecs/process"


def process_mark(pid: int) -> str:
    """A process that is not another one with the same number: its id and its start time."""
    try:
        # Field 22 of /proc/PID/stat; the name in parentheses may hold spaces, so it is cut off first.
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        started = ""
    return f"{pid}/{started}"


def is_alive(mark: str) -> bool:
    """Whether the process that left this mark still runs."""
    pid, _, started = mark.partition("/")
    return bool(started) and pid.isdigit() and process_mark(int(pid)) == mark


class Workspace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Which home the assets work on."""

    home: str

    @contextlib.contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Workspace"]:
        """Hold the build lock for the whole run, and note which process runs it."""
        if context.run_id and context.instance:
            context.instance.add_run_tags(context.run_id, {PROCESS_TAG: process_mark(os.getpid())})
        log = context.log
        with build_lock(
            Path(self.home),
            f"Dagster run {context.run_id or 'without id'}",
            waiting=lambda holder: log.info(f"waiting for {holder}") if log else None,
        ):
            yield self

    @contextlib.contextmanager
    def open(self) -> Iterator[Home]:
        """Open the home for one step; a broken rule becomes a failure that says which."""
        with as_failure(), open_home(Path(self.home)) as home:
            yield home


def now() -> str:
    """The current time in the profile's form."""
    return write_time(datetime.now(UTC))
