"""Places of workers that run `script.py`."""

import asyncio
import dataclasses
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from compute_mesh.sandbox.box import Bind
from compute_mesh.sandbox.interpreter import python_command
from compute_mesh.sandbox.proving import box_of
from compute_mesh.workers.messages import Job
from compute_mesh.workers.place import Place
from compute_mesh.workers.supervisor import Request

Answer = TypeVar("Answer")
SCRIPT = Path(__file__).parent / "script.py"


def place(identity: str = "model", slots: int = 1, **told: Any) -> Place:
    """A place where the script works; ``told``: more fields of what it is told to load."""
    box = dataclasses.replace(
        box_of(""),
        command=python_command("exec(compile(open('/script.py').read(), 'script', 'exec'))"),
        inputs=(Bind(SCRIPT, "/script.py"),),
        threads=40,
        cpu_seconds=60,
        wall_seconds=600,
    )
    return Place(identity, box, {"op": "load", **told}, slots)


def add(word: str = "word", requester: str = "one", **changed: Any) -> Request:
    """A job that adds one and two; its result tells the words that the worker was given since it was cleared."""
    job = Job("add", {"a": 1, "b": 2, "word": word})
    return Request(**{"place": place(), "requester": requester, "job": job, "seconds": 20, **changed})


def request(kind: str, **changed: Any) -> Request:
    """A job of the script."""
    given = {key: changed.pop(key) for key in list(changed) if key not in Request.__dataclass_fields__}
    return Request(**{"place": place(), "requester": "one", "job": Job(kind, given), "seconds": 20, **changed})


def boxes_left() -> list[int]:
    """Processes of bubblewrap that this process started and that are not gone."""
    children = {int(one) for path in Path("/proc/self/task").glob("*/children") for one in path.read_text().split()}
    return [one for one in children if _name(one) == "bwrap"]


def groups_left() -> list[Path]:
    """Control groups of this process's boxes that are still there."""
    return list(Path("/sys/fs/cgroup").rglob(f"lecs-box-{os.getpid()}-*"))


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run it to its end, within two minutes."""

    async def within() -> Answer:
        async with asyncio.timeout(120):
            return await work

    return asyncio.run(within())
