"""A process pool against one process: `python benchmarks/pool.py [TEXTS]`.

The stage that reads every text of a build is the sketching of near-duplicates: a pure function from a table of texts to
a table of keys, cohort after cohort. Here the same function runs over the same batches in this process, and in a pool
of one process per core, to which batches travel as Arrow through a pipe. Both must give the same keys.
"""

import io
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))

import polars as pl
from side_by_side import publish_lines

from corpus.near_duplicates import keys_of
from corpus.recipe import default_recipe

BATCH: Final = 2_000
#: What follows from it.
NOTES: Final = (
    "Both give the same keys. Starting workers costs more than they do: builds sketch in one process, and only "
    "redaction, which loads a model and takes milliseconds for a text, has a pool (`benchmarks.redaction.speed`)."
)


def sketched(texts: pl.DataFrame) -> pl.DataFrame:
    """The batch function: a table with ``text`` becomes a table with ``keys``, line by line."""
    keys = keys_of(texts["text"].to_list(), default_recipe())
    return pl.DataFrame({"keys": keys}, schema={"keys": pl.Binary})


def over_arrow(data: bytes) -> bytes:
    """The same for a worker: Arrow in, Arrow out; nothing touches a disk."""
    return arrow(sketched(pl.read_ipc(io.BytesIO(data))))


def arrow(frame: pl.DataFrame) -> bytes:
    """A table as bytes."""
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()


def made_up(count: int) -> list[pl.DataFrame]:
    """Batches of texts of 50 words."""
    dice = random.Random(1)
    texts = [" ".join(f"w{dice.randrange(20_000)}" for _ in range(50)) for _ in range(count)]
    return [pl.DataFrame({"text": texts[start : start + BATCH]}) for start in range(0, count, BATCH)]


def timed(work: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, float, float]:
    """(result, wall seconds, CPU seconds with those of workers that have ended)."""
    wall, before = time.monotonic(), os.times()
    result = work()
    after = os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    return result, time.monotonic() - wall, cpu


def pooled(batches: list[pl.DataFrame], processes: int) -> pl.DataFrame:
    """Start the pool, use it, end it: all of it counts."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        parts = [pl.read_ipc(io.BytesIO(part)) for part in pool.map(over_arrow, map(arrow, batches))]
    return pl.concat(parts)


def main(count: int) -> None:
    """Measure both, compare what they give, and write the table."""
    batches, cores = made_up(count), os.cpu_count() or 1
    sketched(batches[0])
    alone, wall, cpu = timed(lambda: pl.concat([sketched(batch) for batch in batches]))
    together, pool_wall, pool_cpu = timed(lambda: pooled(batches, cores))
    assert alone.equals(together)
    lines = [
        f"| {name} | {count:,} | {seconds:.1f} | {spent:.1f} | {count / spent:,.0f} |"
        for name, seconds, spent in (
            ("one process", wall, cpu),
            (f"a pool of {cores}, started for it", pool_wall, pool_cpu),
        )
    ]
    header = "| sketches of near-duplicates | texts | wall s | CPU s | per CPU second |\n|---|---:|---:|---:|---:|"
    publish_lines("pool", f"python benchmarks/pool.py {count}", header, lines, NOTES)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40_000)
