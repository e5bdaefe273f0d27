"""A dataset version as files that others can load: sharded frames and the list of withdrawn rows.

Text is asked for only where the tier is public and publish-text is among the purposes; every other item
appears as a commitment. A federated text is therefore never even read here.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from corpus.errors import InvalidManifest
from corpus.version import FEDERATED

#: From rows to their texts; a row that is missing or None (erased since) is shown without text.
FetchTexts = Callable[[Sequence[str]], Mapping[str, str | None]]

ROWS_PER_SHARD: Final = 50_000
MOST_SHARDS: Final = 99_999
WITHDRAWN_FILE: Final = "withdrawn.jsonl"

SHARD_SCHEMA: Final = pl.Schema(
    {
        "row": pl.String(),
        "text": pl.String(),
        "tier": pl.String(),
        "purposes": pl.List(pl.String()),
        "language": pl.String(),
        "domain": pl.String(),
        "weight": pl.Int64(),
        "licence": pl.String(),
        "cohort": pl.Int32(),
    }
)


@dataclass(frozen=True, slots=True)
class Shard:
    """One Parquet file to be: its path in the export and its frame (`SHARD_SCHEMA`, sorted by row)."""

    path: str
    frame: pl.DataFrame


def shards(
    manifest: pl.DataFrame,
    fetch_texts: FetchTexts,
    licences: Mapping[str, str],
    *,
    withdrawn: Collection[str] = (),
    rows_per_shard: int = ROWS_PER_SHARD,
) -> Iterator[Shard]:
    """The shards of a version, one at a time: K ranges of the row, each at most ``rows_per_shard`` rows.

    ``fetch_texts`` is called once per shard with the rows whose text is published; ``licences`` go from row
    to licence, null where missing; ``withdrawn`` rows are left out (see `withdrawn_lines`).

    Raises:
        InvalidManifest: more than `MOST_SHARDS` would be needed.
    """
    live = manifest.filter(~pl.col("row").is_in(list(withdrawn))).sort("row")
    counts = _range_counts(live["row"].to_list(), rows_per_shard)
    start = 0
    for index, count in enumerate(counts):
        part = live.slice(start, count)
        start += count
        path = f"data/train-{index:05d}-of-{len(counts):05d}.parquet"
        yield Shard(path, _shard_frame(part, fetch_texts, licences))


def withdrawn_lines(manifest: pl.DataFrame, withdrawn: Collection[str]) -> str:
    """The content of `WITHDRAWN_FILE`: a JSON leaf per line, sorted by row.

    Shards and these leaves together give the version's root, so that it still verifies.
    """
    gone = manifest.filter(pl.col("row").is_in(list(withdrawn))).sort("row")
    leaves = gone.select("row", pl.col("cohort").fill_null(FEDERATED), "tier", "purposes", "weight")
    return "".join(f"{json.dumps(leaf, sort_keys=True)}\n" for leaf in leaves.to_dicts())


def publishes_text() -> pl.Expr:
    """Whether a manifest line's text may be shown: public tier, with the purpose publish-text."""
    return (pl.col("tier") == "public") & pl.col("purposes").list.contains("publish-text")


def _shard_frame(part: pl.DataFrame, fetch_texts: FetchTexts, licences: Mapping[str, str]) -> pl.DataFrame:
    allowed = part.filter(publishes_text())["row"].to_list()
    fetched = fetch_texts(allowed) if allowed else {}
    texts = {row: fetched.get(row) for row in allowed}
    rows = part["row"].to_list()
    return part.with_columns(
        pl.Series("text", [texts.get(row) for row in rows], dtype=pl.String),
        pl.Series("licence", [licences.get(row) for row in rows], dtype=pl.String),
    ).select(SHARD_SCHEMA.names())


def _range_counts(rows: Sequence[str], most: int) -> list[int]:
    """Rows per shard, for a K whose equal ranges of the row's 256 bits hold at most ``most`` rows each.

    K starts at the least possible and grows by a sixteenth: rows are evenly spread, so few steps are needed.
    """
    numbers = [int(row, 16) for row in rows]
    shard_count = max(1, -(-len(rows) // most))
    while shard_count <= MOST_SHARDS:
        counts = Counter(number * shard_count >> 256 for number in numbers)
        if max(counts.values(), default=0) <= most:
            return [counts[index] for index in range(shard_count)]
        shard_count += 1 + shard_count // 16
    raise InvalidManifest(f"more than {MOST_SHARDS} shards of {most} rows")
