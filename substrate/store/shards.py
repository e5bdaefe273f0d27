"""Where the vectors of texts lie, and destroying those of one item. Imports nothing heavy: the vault calls it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from substrate.store.files import overwrite_and_remove

FOLDER: Final = Path("derived") / "embeddings"
SUFFIX: Final = ".sealed"


def shard_of(row: str) -> str:
    """The name of the file in which the vector of a row lies."""
    return row[:2]


def destroy_vectors(home: Path, rows: Iterable[str]) -> None:
    """Overwrite and remove every file that may hold the vector of one of these rows, of any model.

    To be called inside a write transaction: `Vectors.write` makes files visible in one too, so none can appear
    between this and the end of the rows.
    """
    for shard in sorted({shard_of(row) for row in rows}):
        name = shard + SUFFIX
        for path in [*home.glob(f"{FOLDER}/*/{name}"), *home.glob(f"{FOLDER}/*/.{name}.*.tmp")]:
            overwrite_and_remove(path)
