"""Homes and nodes of this machine for benchmarks: founded, joined, started as processes, and asked through gateways."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

LECS: Final = str(Path(sys.executable).parent / "lecs")
CHAT: Final = "smollm2-135m-instruct-q4-1"
#: On loopback alone, and quick to tell what changed.
SETTINGS: Final = 'bind = ["127.0.0.1:0"]\nsync_seconds = 1\n'
_PATIENCE: Final = 120.0


@dataclass(frozen=True)
class Node:
    """A node that runs."""

    home: Path
    process: psutil.Process
    gateway: str
    name: str

    def cpu(self) -> float:
        """Seconds of processor time of the node and its living workers."""
        return cpu_of(self.process)

    def client(self) -> httpx.AsyncClient:
        """Asks its gateway, with a new key."""
        bearer = {"authorization": f"Bearer {lecs(self.home, 'key', 'api', 'new')['key']}"}
        return httpx.AsyncClient(base_url=f"{self.gateway}/", headers=bearer, timeout=600)


@dataclass(frozen=True)
class Timed:
    """One streamed answer: moments at which it was asked for, at which its first and last pieces came; how many."""

    begun: float
    first: float
    last: float
    pieces: int


def cpu_of(process: psutil.Process) -> float:
    """Seconds of processor time of a process and what it started, as far as that lives."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def lecs(home: Path, *words: object) -> dict[str, Any]:
    """A command as a process; its one JSON object."""
    command = [LECS, *map(str, words), "--json", "--home", str(home)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:3])} ended with {done.returncode}: {done.stderr[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def founded(home: Path, settings: str = "") -> Path:
    """A new commons, whose packaged models are approved."""
    lecs(home, "init")
    lecs(home, "node", "init")
    (home / "node.toml").write_text(SETTINGS + settings)
    return home


def joined(home: Path, founder: Node, settings: str = "") -> Path:
    """A new home in the commons of a node that runs."""
    lecs(home, "node", "init")
    (home / "node.toml").write_text(SETTINGS + settings)
    lecs(home, "node", "join", lecs(founder.home, "node", "invite")["ticket"])
    return home


@contextmanager
def running(home: Path, core: int | None = None) -> Iterator[Node]:
    """A node with its gateway while the block runs; ``core``: node and workers on that one alone."""
    command = [LECS, "node", "start", "--gateway", "127.0.0.1:0", "--json", "--home", str(home)]
    pinned = ["taskset", "--cpu-list", str(core), *command] if core is not None else command
    with (home.parent / f"{home.name}.log").open("a") as log:
        process = subprocess.Popen(pinned, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the node of {home.name} did not start: see {log.name}")
        ready = json.loads(line)
        yield Node(home, psutil.Process(process.pid), ready["gateway"], ready["node"])
    finally:
        process.terminate()
        process.wait(30)


def until_offered(node: Node) -> None:
    """Wait until a node knows of a peer that gives it jobs, and has a model."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        offers = [(peer["resources"] or {}).get("jobs") or {} for peer in lecs(node.home, "node", "peers")["peers"]]
        if any(one.get("models") for one in offers):
            return
        time.sleep(0.2)
    raise SystemExit("no peer offers a model")


async def answer(client: httpx.AsyncClient, model: str, prompt: str, tokens: int) -> Timed:
    """A text written on, streamed, the likeliest token each time."""
    asked = {"model": model, "prompt": prompt, "max_tokens": tokens, "temperature": 0, "stream": True}
    begun, first, last, pieces = time.perf_counter(), 0.0, 0.0, 0
    async with client.stream("POST", "completions", json=asked) as heard:
        heard.raise_for_status()
        async for line in heard.aiter_lines():
            if not line.startswith("data: {"):
                continue
            choice = json.loads(line.removeprefix("data: "))["choices"][0]
            if choice["text"]:
                last = time.perf_counter()
                first = first or last
                pieces += 1
    return Timed(begun, first, last, pieces)


def counting(start: int, numbers: int = 12) -> str:
    """A prompt of some six tokens a number, another for each start: models go on counting, and do not end early."""
    return ", ".join(str(number) for number in range(start, start + numbers)) + ","


def quiet() -> None:
    """One thread for each library that computes, in this process and those that it starts."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
