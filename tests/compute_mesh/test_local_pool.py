"""A batch function gives the same here and in workers; a worker that dies costs time, not results."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.compute as pc

from compute_mesh.local_pool import LocalPool


def doubled(table: pa.Table, told: str) -> pa.Table:
    """Twice each number, and who says so."""
    return pa.table({"twice": pc.multiply(table["number"], 2), "told": [told] * table.num_rows})


def worked_by(table: pa.Table) -> pa.Table:
    """Which process worked on each line."""
    return pa.table({"process": [os.getpid()] * table.num_rows})


def fatal(table: pa.Table, parent: str) -> pa.Table:
    """Kills the worker that it runs in; in the parent it works."""
    if os.getpid() != int(parent):
        os.kill(os.getpid(), signal.SIGKILL)
    return table


NUMBERS = pa.table({"number": list(range(11))})


def test_workers_give_what_this_process_gives() -> None:
    """In the order of the lines, whatever does not divide evenly; small tables stay here."""
    with LocalPool(2, least=10) as pool:
        assert pool.run(doubled, NUMBERS, "me").equals(doubled(NUMBERS, "me"))
        processes = set(pool.run(worked_by, NUMBERS)["process"].to_pylist())
        assert os.getpid() not in processes
        assert set(pool.run(worked_by, NUMBERS.slice(0, 9))["process"].to_pylist()) == {os.getpid()}
        # A worker that is killed (by the system, for memory): the rest is done here, and goes on being done here.
        assert pool.run(fatal, NUMBERS, str(os.getpid())).equals(NUMBERS)
        assert set(pool.run(worked_by, NUMBERS)["process"].to_pylist()) == {os.getpid()}


PROGRAM = """
import os, pyarrow as pa
from compute_mesh.local_pool import LocalPool

def main():
    pool = LocalPool(2, least=1)
    print(*pool.run(os_pids, pa.table({"n": [1, 2]}))["p"].to_pylist(), flush=True)
    input()

def os_pids(table):
    return pa.table({"p": [os.getpid()] * table.num_rows})

if __name__ == "__main__":
    main()
"""


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """`kill -9` of whoever started them leaves none behind."""
    file = tmp_path / "program.py"
    file.write_text(PROGRAM, "utf-8")
    parent = subprocess.Popen([sys.executable, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = [psutil.Process(int(one)) for one in set(parent.stdout.readline().split())]
    assert workers
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 60
    while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in workers):
        assert time.monotonic() < deadline, "a worker outlives its parent"
        time.sleep(0.05)
