"""Embedding over two nodes, each pinned to one core, against one of them: `python benchmarks/embedding_nodes.py`.

`lecs embed FILE` on a node, alone and with a peer that gives it jobs; in turns, the peer's node started and stopped in
between. Seconds are wall time of the whole command, so the machine must do nothing else.
"""

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from embeddings import texts
from nodes import Node, founded, joined, lecs, quiet, running, until_offered
from side_by_side import publish_lines

TEXTS, WARM, ROUNDS = 3000, 1000, 2
#: Two jobs under way at each node: the next one lies there when one ends.
SETTINGS: Final = 'jobs = ["embeddings"]\njob_slots = 2\n'


def embed(node: Node, file: Path, name: str) -> tuple[float, set[str]]:
    """Seconds of the command, and the nodes that did it."""
    out = file.with_name(f"{name}.npy")
    begun = time.perf_counter()
    told = lecs(node.home, "embed", file, "--out", out)
    return time.perf_counter() - begun, {part["node"] for part in told["result"]["parts"]}


def one_and_two(folder: Path, given: list[str]) -> tuple[list[float], list[float]]:
    """Seconds with one node, and with two."""
    file, few = folder / "texts.txt", folder / "few.txt"
    file.write_text("\n".join(given))
    few.write_text("\n".join(given[:WARM]))
    alone: list[float] = []
    both: list[float] = []
    with running(founded(folder / "here", SETTINGS), core=0) as here:
        other = joined(folder / "away", here, SETTINGS)
        embed(here, few, "warm")
        for number in range(ROUNDS):
            seconds, nodes = embed(here, file, f"alone-{number}")
            assert len(nodes) == 1, nodes
            alone.append(seconds)
            with ExitStack() as started:
                started.enter_context(running(other, core=1))
                until_offered(here)
                embed(here, few, f"warm-{number}")
                seconds, nodes = embed(here, file, f"both-{number}")
                assert len(nodes) == 2, nodes
                both.append(seconds)
    first, second = (np.load(folder / f"{name}-0.npy") for name in ("alone", "both"))
    assert np.abs(first.astype(np.float32) - second.astype(np.float32)).max() < 0.01
    return alone, both


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=TEXTS, help="fewer for a trial")
    count = parser.parse_args().texts
    quiet()
    given = [" ".join(one.split())[:400] for one in texts(count)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        alone, both = one_and_two(Path(name), given)
    one, two = statistics.median(alone), statistics.median(both)
    line = (
        f"| embed {count:,} texts | {count / two:,.0f} texts/s | {count / one:,.0f} texts/s | {one / two:.2f} | 1.8 |"
    )
    publish_lines(
        "embedding_nodes", "python benchmarks/embedding_nodes.py",
        "| what | two nodes | one node | ratio | aim |\n|---|---:|---:|---:|---:|", [line],
        f"Medians of {ROUNDS} rounds in turns, wall time; each node and its worker pinned to one core.",
    )  # fmt: skip


if __name__ == "__main__":
    main()
