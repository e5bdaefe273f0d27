"""MinHash sketches: texts that share a band of theirs are worth comparing exactly.

A sketch depends on its own text and the recipe's constants alone, so whether two texts meet never depends on
a third. Two texts of similarity s meet with probability 1 - (1 - s^hashes)^buckets (Leskovec, Rajaraman,
Ullman: Mining of Massive Datasets, section 3.4.2): 65 % at 0.72, 99 % at 0.85 with 14 buckets of 8.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from rensa import RMinHash

from corpus.recipe import NearDuplicates
from corpus.shingles import shingles

#: Characters of text whose shingles are held at once: bounds the memory of a large cohort.
BATCH_CHARACTERS: Final = 1_000_000

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)


def sketches(texts: Iterable[str], near: NearDuplicates, seed: int) -> list[bytes]:
    """One sketch per text: buckets x hashes unsigned 32-bit integers. ``seed`` is unsigned, 64 bits."""
    result: list[bytes] = []
    for batch in _batches(texts, near.ngram):
        matrix = RMinHash.digest_matrix_from_token_sets(batch, near.buckets * near.hashes, seed)
        result.extend(array("I", row).tobytes() for row in matrix.to_rows())
    return result


def band_keys(sketched: Iterable[bytes], near: NearDuplicates) -> list[bytes]:
    """For each sketch one 64-bit number per band, little-endian: equal bands have equal numbers.

    Unequal bands that share a number (one chance in 2^64) only cost an exact comparison.
    """
    flat = b"".join(sketched)
    bands = np.frombuffer(flat, "<u4").reshape(-1, near.buckets, near.hashes).astype(np.uint64)
    keys = np.zeros(bands.shape[:2], np.uint64)
    for row in range(near.hashes):
        keys = (keys ^ bands[:, :, row]) * _ODD
        keys ^= keys >> np.uint64(29)
    return [line.tobytes() for line in keys.astype("<u8")]


def shared_buckets(keys: Sequence[bytes]) -> list[list[list[int]]]:
    """For each text the buckets in which it meets others: empty lists, one object for all who share it.

    ``keys`` come from `band_keys`. The caller puts in whom later texts should meet. Buckets with a single
    text are left out.
    """
    shared: list[list[list[int]]] = [[] for _ in keys]
    table = np.frombuffer(b"".join(keys), "<u8").reshape(len(keys), -1)
    for column in np.ascontiguousarray(table.T):
        order = np.argsort(column)
        ordered = column[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        lengths = np.diff(np.append(starts, len(ordered)))
        together = order[np.repeat(lengths > 1, lengths)].tolist()
        place = 0
        for length in lengths[lengths > 1].tolist():
            bucket: list[int] = []
            for index in together[place : place + length]:
                shared[index].append(bucket)
            place += length
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
