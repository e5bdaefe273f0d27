"""The vectors of a home as one matrix in memory, and the questions that are asked of it.

The matrix is never a file: on disk vectors lie sealed. What is found is put before the gate at that very moment.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from compute_mesh.workloads.model import WIDTH
from consent.searchable import RETRIEVE, may_be_found, still_used
from corpus.embedding.nearest import alike, ranking
from corpus.embedding.snippets import snippet
from substrate.store.errors import NotFound
from substrate.store.home import Home
from substrate.store.vectors import Vectors

Matrix = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that was found: its id, the cosine to the question, and a passage of the kept text."""

    contribution: str
    score: float
    snippet: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that are alike."""

    contribution: str
    other: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Index:
    """Lines of the vectors (without the vectors), and the vectors as rows of length 1."""

    lines: pa.Table
    matrix: Matrix


def load_index(vectors: Vectors, purpose: str | None = None) -> Index:
    """Everything that was embedded, or what was admitted for one purpose when it was."""
    table = vectors.read_all().combine_chunks()
    if purpose is not None:
        joined = pc.binary_join(table["purposes"], ",")
        table = table.filter(pc.match_substring_regex(joined, f"(^|,){purpose}(,|$)"))
    stored = b"".join(table["vector"].to_pylist())
    matrix = np.frombuffer(stored, np.float16).reshape(-1, WIDTH).astype(np.float32)
    return Index(table.drop_columns("vector"), matrix)


def retrievable(vectors: Vectors) -> Index:
    """What may be searched, as far as was known when it was embedded; the gate decides once more about each hit."""
    return load_index(vectors, RETRIEVE)


def find(home: Home, index: Index, query: str, vector: Matrix, limit: int, clock: Callable[[], str]) -> list[Hit]:
    """The nearest texts that the gate admits for retrieval now, at most ``limit``."""
    return list(_found(home, index, query, vector, limit, clock()))


def nearest_texts(
    home: Home, index: Index, vector: Matrix, limit: int, clock: Callable[[], str]
) -> list[tuple[str, float, str]]:
    """(contribution, cosine, text) of the nearest texts that the gate admits for retrieval now, at most ``limit``."""
    return list(_nearest(home, index, vector, limit, clock()))


def _found(home: Home, index: Index, query: str, vector: Matrix, limit: int, as_of: str) -> Iterator[Hit]:
    for contribution, score, text in _nearest(home, index, vector, limit, as_of):
        yield Hit(contribution, round(score, 4), snippet(text, query))


def _nearest(home: Home, index: Index, vector: Matrix, limit: int, as_of: str) -> Iterator[tuple[str, float, str]]:
    roles, given = home.roles(), 0
    for number, score in ranking(index.matrix, vector):
        if given == limit:
            return
        contribution = index.lines["contribution"][number].as_py()
        if not may_be_found(home, roles, contribution, index.lines["row"][number].as_py(), as_of):
            continue
        try:
            text = home.vault.get(contribution).text.decode("utf-8")
        except NotFound:
            continue  # Erased since the gate was asked.
        given += 1
        yield contribution, score, text


def alike_pairs(home: Home, index: Index, threshold: float, most: int, as_of: str) -> list[Pair]:
    """Pairs of texts that are alike and may both be used now, the most alike first: ids and figures only.

    At most ``most`` pairs at or above ``threshold`` are put before the gate.
    """
    names = index.lines["contribution"].to_pylist()
    found = [
        Pair(min(names[one], names[other]), max(names[one], names[other]), round(cosine, 4))
        for one, other, cosine in alike(index.matrix, threshold, most)
    ]
    used = still_used(home, {name for pair in found for name in (pair.contribution, pair.other)}, as_of)
    return [pair for pair in found if {pair.contribution, pair.other} <= used]
