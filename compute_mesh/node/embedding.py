"""Vectors of texts by jobs of type B, many to a job and many jobs at once."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from compute_mesh.jobservice.asked import texts_blob
from compute_mesh.jobservice.writing import Terms
from compute_mesh.node.asking import Ended, JobNotDone, deaf, manifest_for
from compute_mesh.node.side_by_side import Asking

#: Texts of one job: a node that goes away costs so many at most.
TEXTS_OF_A_JOB: Final = 250
#: How far from 1 the length of a vector may be: its numbers have half precision.
_LENGTH: Final = 0.01

Rows = np.ndarray[Any, np.dtype[np.float16]]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A job that is done, and a row for each of its texts."""

    ended: Ended
    rows: Rows


def embed_on_mesh(
    asking: Asking, model: str, texts: Sequence[str], terms: Terms, told: Callable[[int], None] = lambda _: None,
    rows: Sequence[str] = (),
) -> list[Embedded]:  # fmt: skip
    """Vectors of texts in their order, by as many nodes as there are.

    Args:
        told: hears how many more are done. rows: of each text, where they are a home's own: see `Asking.run`.

    Raises:
        ModelRefused: no such model is approved. JobRefused, JobNotDone, JobCancelled. NoNode: no node is running.
    """
    starts = range(0, len(texts), TEXTS_OF_A_JOB)
    turn = threading.Lock()

    def embed(start: int) -> Embedded:
        part, behind = (found[start : start + TEXTS_OF_A_JOB] for found in (texts, rows))
        data = texts_blob(part)
        manifest = manifest_for(asking.home, "embeddings", {"texts": len(part)}, model, [data], terms)
        done = asking.run(manifest.raw, [data], deaf, f"part {start // TEXTS_OF_A_JOB + 1} of {len(starts)}", behind)
        vectors = rows_of(done.outputs.get("vectors", b""), len(part))
        with turn:
            told(len(part))
        return Embedded(done, vectors)

    found = asking.each(embed, starts)
    if len({one.rows.shape[1] for one in found}) > 1:
        raise JobNotDone("no-result: vectors of different width came back")
    return found


def rows_of(vectors: bytes, texts: int) -> Rows:
    """What a worker gave, as a row for each text.

    Raises:
        JobNotDone: it is nothing of the kind.
    """
    if not texts or not vectors or len(vectors) % (2 * texts):
        raise JobNotDone("no-result: other vectors came back than one for each text")
    rows = np.frombuffer(vectors, "<f2").reshape(texts, -1)
    lengths = np.linalg.norm(rows.astype(np.float32), axis=1)
    if not (np.isfinite(lengths).all() and (np.abs(lengths - 1) < _LENGTH).all()):
        raise JobNotDone("no-result: what came back are no vectors of length 1")
    return rows
