"""Many jobs while nodes die at random: each ends exactly once, and nothing is left running."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from job_nodes import FakeEngine, JobMesh, JobNode, prompt

from compute_mesh.jobservice.states import FAILURES, JobLine
from compute_mesh.jobservice.store import JobStore
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.network import Network

JOBS = 120
#: One that stays, so that not every job can be lost.
DYING = 4


async def _die_and_come_back(mesh: JobMesh, node: JobNode, chance: random.Random, until: asyncio.Event) -> None:
    while not until.is_set():
        await asyncio.sleep(chance.uniform(1, 8))
        if until.is_set() or node.transport is None:
            return
        assert mesh.network is not None
        mesh.network.kill(node.transport.id)
        await node.close()
        await asyncio.sleep(chance.uniform(0.5, 4))
        node.name += "'"  # A name of the network that was killed stays dead.
        await node.open(slots=4)


def test_each_of_many_jobs_ends_once_while_nodes_die(tmp_path, commons) -> None:
    async def test() -> None:
        mesh, chance = JobMesh(tmp_path, commons, Network(3)), random.Random(11)
        engines = [FakeEngine(0.3) for _ in range(DYING + 1)]
        async with mesh.running(None, *engines, slots=4) as (here, *others):
            over = asyncio.Event()
            ends = Counter[str]()
            killing = [
                asyncio.create_task(_die_and_come_back(mesh, node, chance, over)) for node in others[:DYING]
            ]  # fmt: skip

            async def one(number: int) -> None:
                await asyncio.sleep(chance.uniform(0, 20))
                raw, inputs = prompt(here, "word " * chance.randint(1, 8), f"job {number}")
                line = await here.desk.submit(raw, inputs, interactive=number % 3 == 0)
                assert isinstance(line, JobLine)
                if number % 10 == 0:
                    await asyncio.sleep(chance.uniform(0, 2))
                    await here.desk.cancel(line.job)
                async for heard in here.desk.follow(line.job, words=False):
                    if isinstance(heard, JobLine) and heard.over:
                        ends[line.job] += 1

            await asyncio.gather(*(one(number) for number in range(JOBS)))
            over.set()
            await asyncio.gather(*killing)
            lines = await here.desk.lines()
            assert len(lines) == len(ends) == JOBS
            assert set(ends.values()) == {1}
            states = Counter(line.state for line in lines)
            assert states["done"] > JOBS // 2
            assert set(states) <= {"done", "failed", "cancelled"}
            for line in lines:
                outputs = await here.desk.outputs(line.job)
                assert bool(outputs) == (line.state == "done"), line
                assert line.state != "failed" or line.reason in FAILURES
            await asyncio.sleep(30)
            for engine in engines:  # Whatever began has been ended.
                assert Counter(engine.begun) == Counter(engine.closed)
            assert all(node.work.busy == 0 for node in others if node.transport is not None)

    run_virtually(test())


_WRITER = """
import sys, json
from pathlib import Path
sys.path.insert(0, sys.argv[2]); sys.path.insert(0, sys.argv[3])
from conftest import Commons
from job_nodes import MODEL
from compute_mesh.jobs.blobs import job_blob
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.store import JobStore
store, commons = JobStore(Path(sys.argv[1]), bytes(32)), Commons()
for job in store.recover():
    store.end(job, "done", outputs={"answers": b"a" * 5000})
    print("ended", job, flush=True)
number = len(store.lines())
while True:
    number += 1
    data = b"a prompt %d" % number
    document = commons.write("JobManifest", commons.other_node, str(number), idempotency=f"{number:032x}",
                             inputs=[job_blob(data)])
    job = store.add(Manifest(document), [data], "2026-11-22T10:30:00Z", kept=True)
    print("added", job, flush=True)
    if number % 2:
        store.move(job, "running", node=commons.node.did, tried=1)
        store.end(job, "done", outputs={"answers": b"a" * 5000})
        print("ended", job, flush=True)
"""


def test_a_queue_that_is_killed_at_any_moment_has_each_job_whole(tmp_path) -> None:
    here, chance = Path(__file__), random.Random(5)
    path, told = tmp_path / "jobs.sqlite3", list[tuple[str, str]]()
    for _ in range(4):
        command = [sys.executable, "-c", _WRITER, path, here.parents[2], here.parent]
        with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            first = writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.3))
            writer.send_signal(signal.SIGKILL)
            words = [line.split() for line in (first + writer.stdout.read()).splitlines()]
        told += [(line[0], line[1]) for line in words if len(line) == 2 and len(line[1]) == 64]
    store = JobStore(path, bytes(32))
    lines = {line.job: line for line in store.lines(most=100_000)}
    assert {job for what, job in told if what == "added"} <= lines.keys()
    assert all(lines[job].state == "done" for what, job in told if what == "ended")
    for job, line in lines.items():
        inputs, outputs = store.parts(job, "input-"), store.parts(job, "output-")
        assert (bool(inputs), bool(outputs)) == ((False, True) if line.over else (True, False))
    store.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
