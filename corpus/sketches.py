"""MinHash sketches: texts that share a band of theirs are worth comparing exactly.

A sketch depends on its own text and the recipe's constants alone, so whether two texts meet never depends on
a third. Two texts of similarity s meet with probability 1 - (1 - s^hashes)^buckets (Leskovec, Rajaraman,
Ullman: Mining of Massive Datasets, section 3.4.2): 65 % at 0.72, 99 % at 0.85 with 14 buckets of 8.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rensa import RMinHash

from corpus.recipe import NearDuplicates
from corpus.shingles import shingles

#: Characters of text whose shingles are held at once: bounds the memory of a large cohort.
BATCH_CHARACTERS: Final = 1_000_000

_HASH_BYTES: Final = 4


def sketches(texts: Iterable[str], near: NearDuplicates, seed: int) -> list[bytes]:
    """One sketch per text: buckets x hashes unsigned 32-bit integers. ``seed`` is unsigned, 64 bits."""
    result: list[bytes] = []
    for batch in _batches(texts, near.ngram):
        matrix = RMinHash.digest_matrix_from_token_sets(batch, near.buckets * near.hashes, seed)
        result.extend(array("I", row).tobytes() for row in matrix.to_rows())
    return result


def shared_buckets(sketched: Sequence[bytes], near: NearDuplicates) -> list[list[list[int]]]:
    """For each text the buckets in which it meets others: empty lists, one object for all who share it.

    The caller puts in whom later texts should meet. Buckets with a single text are left out.
    """
    shared: list[list[list[int]]] = [[] for _ in sketched]
    width = near.hashes * _HASH_BYTES
    for start in range(0, near.buckets * width, width):
        members: dict[bytes, list[int]] = {}
        for index, sketch in enumerate(sketched):
            members.setdefault(sketch[start : start + width], []).append(index)
        for group in members.values():
            if len(group) > 1:
                bucket: list[int] = []
                for index in group:
                    shared[index].append(bucket)
    return shared


def _batches(texts: Iterable[str], ngram: int) -> Iterator[list[list[str]]]:
    batch: list[list[str]] = []
    characters = 0
    for text in texts:
        batch.append(shingles(text, ngram))
        characters += len(text)
        if characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
