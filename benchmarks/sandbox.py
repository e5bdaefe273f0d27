"""What a box costs: `python benchmarks/sandbox.py`.

Starting a program in one against starting it bare, in turns; a language worker until its model is loaded, in a box and
bare; a short job on a warm worker and on a fresh one; and whether a warm worker reads a prompt sooner the second time.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from side_by_side import publish_lines

from compute_mesh.runtime.model import FILES, packaged_folder
from compute_mesh.sandbox.box import Box
from compute_mesh.sandbox.bubblewrap import build
from compute_mesh.sandbox.interpreter import ENVIRONMENT, SITE_PACKAGES, covered, interpreter, python_command
from compute_mesh.sandbox.running import start
from compute_mesh.workers.frames import packed
from compute_mesh.workers.messages import Job, Piece
from compute_mesh.workers.place import Place, language_place
from compute_mesh.workers.supervisor import Request, Supervisor

ROUNDS: Final = 40
MODEL: Final = packaged_folder() / FILES[0]["path"]


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def milliseconds(times: list[float]) -> str:
    ordered = sorted(1000 * one for one in times)
    return f"{statistics.median(ordered):,.1f} | {ordered[0]:,.1f}"


def boxed() -> None:
    """Python to its end in a box."""
    box = Box(python_command("pass"), interpreter(), covered=covered(), environment=ENVIRONMENT)
    running = start(build(box), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    running.wait(60)
    running.end()


def bare() -> None:
    """The same without one."""
    subprocess.run([sys.executable, "-I", "-S", "-B", "-c", "pass"], check=True)


def until_ready(place: Place, *, inside: bool) -> float:
    """Seconds until a language worker says that its model is loaded."""
    told, tells = os.pipe()
    heard, hears = os.pipe()
    begun = time.perf_counter()
    if inside:
        running = start(build(place.box), stdin=told, stdout=hears)
    else:
        # The same program on the same packages; what the box shows elsewhere is where it is.
        root = Path(__file__).resolve().parent.parent
        program = (
            f"import sys; sys.path += [{str(root)!r}, {str(SITE_PACKAGES)!r}]; "
            "import compute_mesh.workers.inside.language as language; "
            f"language.MODEL = {str(MODEL)!r}; language.main()"
        )
        environment = dict(place.box.environment) | {"LD_LIBRARY_PATH": ""}
        command = [sys.executable, "-I", "-S", "-B", "-c", program]
        process = subprocess.Popen(command, stdin=told, stdout=hears, env=environment)
    os.close(told)
    os.close(hears)
    with os.fdopen(tells, "wb") as pipe, os.fdopen(heard, "rb") as answers:
        pipe.write(packed(place.load))
        pipe.flush()
        size = int.from_bytes(answers.read(4), "big")
        assert json.loads(answers.read(size))["event"] == "ready"
        taken = time.perf_counter() - begun
        if inside:
            running.end()
        else:
            process.kill()
            process.wait()
    return taken


async def first_piece(found: Supervisor, place: Place, text: str, *, fresh: bool = False) -> float:
    """Seconds until the first piece of an answer."""
    sampling = {"tokens": 4, "seed": 1, "temperature": 0.0, "stop": []}
    job = Job("inference", {"sampling": sampling, "stream": True, "likely": False},
              {"prompts": json.dumps([{"text": text}]).encode()})  # fmt: skip
    begun = time.perf_counter()
    async with found.run(Request(place, "one", job, fresh=fresh)) as going:
        async for event in going:
            if isinstance(event, Piece):
                return time.perf_counter() - begun
    raise AssertionError("no piece came")


async def warm_and_fresh(place: Place) -> tuple[list[float], list[float], list[float], list[float]]:
    """First pieces: of a short prompt on a warm and on a fresh worker; of a long prompt again, and of a new one."""
    words = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8").split()
    found = Supervisor()
    warm, fresh, again, new = [], [], [], []
    try:
        await first_piece(found, place, "Once")
        await first_piece(found, place, " ".join(words[:150]))
        for number in range(8):
            warm.append(await first_piece(found, place, "Once"))
            again.append(await first_piece(found, place, " ".join(words[:150])))
            new.append(await first_piece(found, place, f"{number} " + " ".join(words[:150])))
        for _ in range(4):
            fresh.append(await first_piece(found, place, "Once", fresh=True))
    finally:
        await found.close()
    return warm, fresh, again, new


def main() -> None:
    """Measure and publish."""
    boxed()
    bare()
    inside, outside = [], []
    for _ in range(ROUNDS):
        inside.append(seconds(boxed))
        outside.append(seconds(bare))
    added = [1000 * (of(inside) - of(outside)) for of in (statistics.median, min)]
    place = language_place(MODEL, FILES[0]["blake3"], context=512, slots=4)
    loaded = [(until_ready(place, inside=True), until_ready(place, inside=False)) for _ in range(5)]
    warm, fresh, again, new = asyncio.run(warm_and_fresh(place))
    lines = [
        f"| Python to its end, bare | {milliseconds(outside)} | |",
        f"| Python to its end, in a box | {milliseconds(inside)} | |",
        f"| what the box adds | {added[0]:,.1f} | {added[1]:,.1f} | at most 50 |",
        f"| language worker until its model is loaded, bare | {milliseconds([b for _, b in loaded])} | |",
        f"| language worker until its model is loaded, in a box | {milliseconds([a for a, _ in loaded])} | |",
        f"| first piece of a short prompt, warm worker | {milliseconds(warm)} | |",
        f"| first piece of a short prompt, fresh worker | {milliseconds(fresh)} | |",
        f"| first piece of a prompt that the warm worker read before | {milliseconds(again)} | as the next line |",
        f"| first piece of a prompt as long that it never read | {milliseconds(new)} | |",
    ]
    publish_lines(
        "sandbox", "python benchmarks/sandbox.py", "| what | median ms | least ms | aim |\n|---|---:|---:|---|",
        lines,
        "Starts in turns within one run; where the machine is loaded, go by the least.",
    )  # fmt: skip


if __name__ == "__main__":
    main()
