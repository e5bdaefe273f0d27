"""The manifest of a version: its rows, sorted, as one Parquet blob, or as several that an index blob lists.

Up to `WHOLE` rows it is one file. Above, the rows are cut by the beginning of the row, so that nobody needs
to hold all of them at once: the signed document names the index, the index names each shard.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from corpus.errors import InvalidManifest
from corpus.parquet import write_parquet
from corpus.version import MANIFEST_SCHEMA, leaf_lines, version_id_of_root
from substrate.record.canonical import canonical_bytes
from substrate.record.documents import Document
from substrate.record.errors import MalformedDocument
from substrate.record.merkle import TreeHead
from substrate.store.errors import HomeError, Tampered
from substrate.store.home import Home

#: Rows up to which a manifest is one file.
WHOLE: Final = 131_072
INDEX_FORMAT: Final = "lecs-manifest-index-1"


@dataclass(frozen=True, slots=True)
class Written:
    """A manifest that was put among the blobs: its name and size, how many rows, and their tree root."""

    blake3: str
    bytes: int
    items: int
    root: str


def write_manifest(home: Home, weighted: pl.LazyFrame, *, whole: int = WHOLE) -> Written:
    """Store the rows of a version.

    Raises:
        InvalidManifest: a row occurs twice, or a column holds what no version may hold.
    """
    items = int(weighted.select(pl.len()).collect().item())
    head = TreeHead()
    shards: list[dict[str, Any]] = []
    for start, end in _cuts(items, whole):
        frame = _shard(weighted, start, end)
        if frame["row"].n_unique() != frame.height:
            raise InvalidManifest("a row occurs twice")
        head.extend(line.encode() for line in leaf_lines(frame))
        if items <= whole or frame.height:
            data = _packed(frame)
            shards.append({"blake3": home.blobs.put(data), "bytes": len(data), "items": frame.height, "from": start})
    if items <= whole:
        return Written(shards[0]["blake3"], shards[0]["bytes"], items, head.root().hex())
    index = canonical_bytes({"format": INDEX_FORMAT, "items": items, "shards": shards})
    return Written(home.blobs.put(index), len(index), items, head.root().hex())


def manifest_shards(home: Home, version: Document) -> Iterator[pl.DataFrame]:
    """The rows of a version, some at a time, sorted by row across all of them.

    Raises:
        NotFound: the manifest is not in this home. Tampered: it is not the one that was signed.
    """
    data = home.blobs.get(version.body["builtFrom"]["manifest"]["blake3"])
    if not data.startswith(b"{"):
        yield _unpacked(data, version)
        return
    for name in _shard_names(data, version):
        yield _unpacked(home.blobs.get(name), version)


def read_manifest(home: Home, version: Document) -> pl.DataFrame:
    """All rows of a version at once, sorted by row.

    Raises:
        NotFound, Tampered: as `manifest_shards`.
    """
    return pl.concat(manifest_shards(home, version))


def manifest_here(home: Home, version: Document) -> bool:
    """Whether every file of a version's manifest is in this home (their bytes are checked by whoever reads them)."""
    path = home.blobs.path(version.body["builtFrom"]["manifest"]["blake3"])
    if not path.exists():
        return False
    with path.open("rb") as file:
        if file.read(1) != b"{":
            return True
    names = _shard_names(path.read_bytes(), version)
    return all(home.blobs.path(name).exists() for name in names)


def manifest_problems(home: Home, version: Document) -> list[str]:
    """What does not follow from the rows of a manifest: the signed root, the number of items, the id."""
    head, body = TreeHead(), version.body
    try:
        for shard in manifest_shards(home, version):
            head.extend(line.encode() for line in leaf_lines(shard))
    except HomeError as error:
        return [str(error)]
    problems = []
    if head.root().hex() != body["root"] or head.size != body["items"]:
        problems.append("the manifest's rows do not give the root that was signed")
    if version_id_of_root(body["recipe"], body["policy"], body["steps"], body["root"]) != body["version"]:
        problems.append("the version's id does not follow from what it states")
    return problems


def _cuts(items: int, whole: int) -> list[tuple[str, str]]:
    """Beginnings of rows, from and to ("" and "" for all), such that a part has about half of ``whole`` rows."""
    if items <= whole:
        return [("", "")]
    digits = 1
    while items / 16**digits > whole / 2:
        digits += 1
    starts = [f"{number:0{digits}x}" for number in range(16**digits)]
    return list(zip(starts, [*starts[1:], ""], strict=True))


def _shard(weighted: pl.LazyFrame, start: str, end: str) -> pl.DataFrame:
    wanted = weighted.select(MANIFEST_SCHEMA.names())
    if start:
        wanted = wanted.filter(pl.col("row") >= start)
    if end:
        wanted = wanted.filter(pl.col("row") < end)
    return wanted.collect().sort("row")


def _packed(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    write_parquet(frame, buffer)
    return buffer.getvalue()


def _unpacked(data: bytes, version: Document) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(data))
    except pl.exceptions.PolarsError:
        raise _unreadable(version) from None


def _shard_names(index: bytes, version: Document) -> list[str]:
    try:
        body = json.loads(index)
        if body["format"] != INDEX_FORMAT:
            raise MalformedDocument("an index of another format")
        return [str(shard["blake3"]) for shard in body["shards"]]
    except (ValueError, KeyError, TypeError, MalformedDocument):
        raise _unreadable(version) from None


def _unreadable(version: Document) -> Tampered:
    return Tampered(f"the manifest of version {version.body['version'][:16]}… cannot be read")
