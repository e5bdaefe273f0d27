"""The first word from a peer on loopback against the first word from here: `python benchmarks/gateway_peer.py`.

Two nodes: one has a model, the other does not and sends its jobs there over iroh. Both gateways are asked in turns,
for the same prompts, by one client at a time; workers of both requesters are warm.
"""

import asyncio
import statistics
import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from nodes import Timed, answer, counting, founded, joined, lecs, quiet, running, until_offered
from side_by_side import publish_lines

from compute_mesh.runtime.model import FILES, packaged_folder

PACKAGED: Final = packaged_folder() / FILES[0]["path"]
#: The packaged model under another name: its bytes lie in one home only.
MODEL: Final = "river-1"
ROUNDS, TOKENS, WARM = 40, 8, 3
JOBS: Final = 'jobs = ["inference"]\n'
_STARTS: Final = count(1000, 37)


async def in_turns(folder: Path) -> list[list[Timed]]:
    """Answers from here, and from the peer."""
    home = founded(folder / "here", JOBS)
    name = ("--name", "river", "--version", "1", "--licence", "Apache-2.0", "--source", "a benchmark")
    lecs(home, "model", "add", PACKAGED, *name, "--use", "inference")
    with running(home) as here, running(joined(folder / "away", here)) as away:
        until_offered(away)
        async with here.client() as near, away.client() as far:
            found: list[list[Timed]] = [[], []]
            for number in range(WARM + ROUNDS):
                prompt = counting(next(_STARTS))
                for client, heard in zip((near, far), found, strict=True):
                    one = await answer(client, MODEL, prompt, TOKENS)
                    if number >= WARM:
                        heard.append(one)
            return found


def main() -> None:
    """Measure and publish."""
    quiet()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        found = asyncio.run(in_turns(Path(name)))
    here, away = ([1000 * (one.first - one.begun) for one in heard] for heard in found)
    added = [there - near for near, there in zip(here, away, strict=True)]
    lines = [
        f"| first word | {of(here):,.1f} ms | {of(away):,.1f} ms | {of(added):,.1f} ms | {of(away) / of(here):.2f} "
        f"| {aim} |"
        for of, aim in ((statistics.median, "under 20 ms added"),)
    ]
    spread = statistics.quantiles(added, n=10)
    lines.append(f"| first word, nine of ten | | | {spread[-1]:,.1f} ms | | |")
    publish_lines(
        "gateway_peer", "python benchmarks/gateway_peer.py",
        "| what | a node's own worker | a peer's, over loopback | added | ratio | aim |\n|---|---:|---:|---:|---:|---|",
        lines, f"Medians of {ROUNDS} prompts of some seventy tokens, in turns.",
    )  # fmt: skip


if __name__ == "__main__":
    main()
