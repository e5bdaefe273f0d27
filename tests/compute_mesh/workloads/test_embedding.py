"""The batch function on the real model, against sentence-transformers as it comes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from compute_mesh.workloads.embedding import embed, encoder
from compute_mesh.workloads.model import WIDTH, packaged_folder

pytestmark = pytest.mark.models

TEXTS = [
    "The hay was cut when the swallows flew high.",
    "On Sundays the whole street carried its roast to the bakery.",
    "",
    "My father never once looked at a barometer. " * 60,
    "Am Abend saßen wir am Ofen und hörten dem Regen zu.",
    "word",
    *(f"A letter about boats and number {number}. " * number for number in range(1, 12)),
]


@pytest.fixture(scope="session")
def naive() -> Iterator[Any]:
    """What sentence-transformers gives for `TEXTS`: float32, its own batches."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(packaged_folder()), device="cpu", local_files_only=True)
    return model.encode(TEXTS)


def vectors(texts: list[str], half: bool) -> np.ndarray:
    table = pa.table({"key": [str(n) for n in range(len(texts))], "text": texts})
    found = embed(table, str(packaged_folder()), half=half)
    assert found["key"].to_pylist() == table["key"].to_pylist()
    return np.frombuffer(b"".join(found["vector"].to_pylist()), np.float16).reshape(-1, WIDTH).astype(np.float32)


@pytest.mark.parametrize(("half", "least"), [(False, 0.99999), (True, 0.999)])
def test_vectors_are_those_of_sentence_transformers(naive: np.ndarray, half: bool, least: float) -> None:
    """In float32 to rounding, in brain floats to a cosine of 0.999; each text in its place."""
    found = vectors(TEXTS, half)
    cosines = (found * naive).sum(axis=1) / np.linalg.norm(found, axis=1)
    assert cosines.min() >= least


def test_a_vector_hardly_depends_on_who_is_in_the_batch() -> None:
    alone, together = vectors(TEXTS[:1], True), vectors(TEXTS, True)
    assert float(alone[0] @ together[0]) > 0.999


def test_nothing_in_nothing_out() -> None:
    assert encoder(str(packaged_folder()), True).encode([]).shape == (0, WIDTH)
    empty = pa.table({"key": pa.array([], pa.string()), "text": pa.array([], pa.string())})
    assert embed(empty, str(packaged_folder()), half=True).num_rows == 0
