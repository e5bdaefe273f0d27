"""Embedding against sentence-transformers, and search at 100,000 vectors: `python benchmarks/embeddings.py`.

Both embed the same texts with the same weights in one run and in turns, on one thread each: on cores that others use
too, two threads mostly wait for each other, and seconds of CPU time then say nothing. Search is timed on vectors that
are random but clustered, sealed and read as a home does it; the gate is left out, since it looks at the few best only.
"""

import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pyarrow as pa
import torch
from sentence_transformers import SentenceTransformer
from side_by_side import publish_lines, rate

from assets.embedding.index import load_index
from compute_mesh.workloads.embedding import embed, multiplies_bf16
from compute_mesh.workloads.model import WIDTH, packaged_folder
from corpus.embedding.nearest import alike, ranking
from substrate.store.vectors import Vectors

SENTENCES: Final = Path(__file__).parent / "redaction" / "second" / "texts"
TEXTS, ROUNDS = 256, 3
STORED, QUERIES, LIMIT = 100_000, 200, 10


def texts(count: int) -> list[str]:
    """Texts of one to ten invented paragraphs of the second measurement set, always the same."""
    dice = random.Random(5)
    lines = [line for file in sorted(SENTENCES.glob("*.txt")) for line in file.read_text("utf-8").splitlines()]
    lines = [line for line in lines if len(line) > 20]
    return [" ".join(dice.choices(lines, k=dice.choice([1, 1, 2, 3, 5, 10]))) for _ in range(count)]


def naive() -> Any:
    """What a user would otherwise write."""
    return SentenceTransformer(str(packaged_folder()), device="cpu", local_files_only=True)


def ours(given: list[str], half: bool) -> np.ndarray:
    """The batch function, on a table."""
    table = pa.table({"key": [str(number) for number in range(len(given))], "text": given})
    found = embed(table, str(packaged_folder()), half=half)
    return np.frombuffer(b"".join(found["vector"].to_pylist()), np.float16).reshape(-1, WIDTH).astype(np.float32)


def embedding() -> list[str]:
    """Lines of the table about embedding."""
    given, model = texts(TEXTS), naive()
    reference = model.encode(given)
    lines = []
    for name, half in (("float32, sorted, by tokens", False), ("bfloat16, sorted, by tokens", True)):
        found = ours(given, half)
        cosines = (found * reference).sum(axis=1) / np.linalg.norm(found, axis=1)
        mine, theirs = rate(
            lambda half=half: len(ours(given, half)), lambda: len(model.encode(given)), ROUNDS, time.process_time
        )
        what = f"embed {TEXTS} texts, {name}; cosine at least {cosines.min():.4f}"
        lines.append(f"| {what} | {mine:,.1f} texts/s | {theirs:,.1f} texts/s | {mine / theirs:.2f} |")
    return lines


def stored(folder: Path) -> Vectors:
    """A sealed store of `STORED` vectors, written without a home around it."""
    dice = np.random.default_rng(1)
    centres = dice.normal(size=(300, WIDTH))
    matrix = centres[dice.integers(0, 300, STORED)] + dice.normal(size=(STORED, WIDTH)) * 0.7
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    vectors = Vectors(folder, b"b" * 32, "benchmark", WIDTH)
    for shard in range(256):
        part = matrix[shard::256].astype(np.float16)
        rows = [f"{shard:02x}{number:062x}" for number in range(len(part))]
        columns = {
            "row": rows, "contribution": rows, "purposes": [["retrieve"]] * len(rows), "language": ["en"] * len(rows),
            "domain": [""] * len(rows), "vector": [one.tobytes() for one in part],
        }  # fmt: skip
        vectors.write(_Everything(), f"{shard:02x}", pa.table(columns, schema=vectors.schema))  # type: ignore[arg-type]
    return vectors


class _Everything:
    """Stands where the vault's table is asked whether a row is still there: every row is."""

    def execute(self, _: str, values: tuple[str]) -> "_Everything":
        self.row = values[0]
        return self

    def fetchone(self) -> tuple[str]:
        return (self.row,)


def search() -> list[str]:
    """Lines of the table about search."""
    with tempfile.TemporaryDirectory() as folder:
        vectors = stored(Path(folder))
        size = sum(path.stat().st_size for path in vectors.folder.iterdir())
        start, cpu = time.perf_counter(), time.process_time()
        index = load_index(vectors, "retrieve")
        loading = f"{time.process_time() - cpu:.2f} s of CPU, {time.perf_counter() - start:.2f} s"
    dice = np.random.default_rng(2)
    queries = index.matrix[dice.integers(0, STORED, QUERIES)] + dice.normal(size=(QUERIES, WIDTH)) * 0.03
    seconds, same = [], 0
    for query in queries.astype(np.float32):
        start = time.perf_counter()
        best = [number for (number, _), _ in zip(ranking(index.matrix, query), range(LIMIT), strict=False)]
        seconds.append(time.perf_counter() - start)
        same += len(set(best) & set(np.argsort(-(index.matrix @ query), kind="stable")[:LIMIT].tolist()))
    p50, p95 = (1000 * float(value) for value in np.percentile(seconds, [50, 95]))
    start = time.process_time()
    pairs = alike(index.matrix[:20_000], 0.9, 100)
    compared = time.process_time() - start
    return [
        f"| unseal {STORED:,} vectors ({size / 1e6:.0f} MB) into memory | {loading} | | |",
        f"| the {LIMIT} best of {STORED:,}, p50 / p95 | {p50:.1f} ms / {p95:.1f} ms | | |",
        f"| recall against a full sort, {QUERIES} queries | {same / QUERIES / LIMIT:.4f} (exact search) | | |",
        f"| all pairs of 20,000 vectors ({len(pairs)} at 0.9 or more) | {compared:.1f} s of CPU | | |",
    ]


def main() -> None:
    """Measure, print and write the table."""
    torch.set_num_threads(1)
    lines = embedding() + search()
    notes = (
        f"bfloat16 in hardware (amx_bf16 or avx512_bf16 in /proc/cpuinfo): {'yes' if multiplies_bf16() else 'no'}. "
        f"Rates are medians of {ROUNDS} runs in turns, per second of CPU time, one thread each; milliseconds of search "
        "are wall time. Aim: a ratio of 2 where the processor has bfloat16, with a cosine of at least 0.999."
    )
    header = "| what | ours | SentenceTransformer.encode | ratio |\n|---|---:|---:|---:|"
    publish_lines("embeddings", "python benchmarks/embeddings.py", header, lines, notes)


if __name__ == "__main__":
    main()
