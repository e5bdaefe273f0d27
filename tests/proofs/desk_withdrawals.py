"""How long a click takes to count: from the word of a person to the gate's no, seen by another process."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from desk_load import percentile
from desk_process import Visitor

from consent.gate import Refused, declaration_of, eligible
from consent.lookup import record_of, state_of
from consent.survey import law_here
from lecs_pipeline.clock import now
from substrate.store.home import open_home


def refused(home: Path, contribution: str, purpose: str = "train") -> bool:
    """Whether the gate says no, asked of the home anew."""
    with open_home(home) as opened:
        roles = opened.roles()
        record = record_of(opened, contribution)
        declaration = declaration_of(record) if record is not None else None
        state = state_of(opened, roles, contribution)
        return isinstance(eligible(state, declaration, law_here(roles), now(), purpose), Refused)


@contextmanager
def gatekeeper(home: Path) -> Iterator[Connection]:
    """A process that is told ids and answers, for each, when its gate first said no (`time.monotonic` of this host)."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_watch, args=(theirs, home), daemon=True)
    process.start()
    try:
        yield ours
    finally:
        ours.close()
        process.terminate()
        process.join()


def _watch(pipe: Connection, home: Path) -> None:
    """The monotonic clock of Linux is one for all processes."""
    while True:
        contribution = pipe.recv()
        pipe.send(refused(home, contribution))
        while not refused(home, contribution):
            time.sleep(0.002)
        pipe.send(time.monotonic())


def click_to_no(url: str, home: Path, given: list[tuple[str, str]]) -> list[float]:
    """Seconds from the click to the other process's no, one per (contribution, code). It said yes before each click."""
    found = []
    with gatekeeper(home) as keeper:
        for contribution, code in given:
            visitor = Visitor(url)
            visitor.post("/withdraw", code=code)
            keeper.send(contribution)
            assert keeper.recv() is False, "the gate said no before the click"
            clicked = time.monotonic()
            visitor.post("/my/change", contribution=contribution, action="withdraw")
            found.append(keeper.recv() - clicked)
    return found


def told(what: str, times: list[float]) -> dict[str, float]:
    """Milliseconds for the table."""
    return {
        f"{what}, median, ms": round(1000 * percentile(times, 0.5)),
        f"{what}, p95, ms": round(1000 * percentile(times, 0.95)),
        f"{what}, longest, ms": round(1000 * max(times)),
    }
