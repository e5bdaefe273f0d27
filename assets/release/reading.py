"""Reading a release back: its four documents, the rows of its shards, and what these rows add up to."""

import json
from collections import Counter
from pathlib import Path
from typing import Final

import polars as pl

from corpus.agreement import DOCUMENTS
from corpus.errors import CorpusError
from corpus.export import SHARD_SCHEMA, WITHDRAWN_FILE
from corpus.release import FIGURE, NO_RECORD, NOT_DECLARED, Figures, cell, median_of
from corpus.version import FEDERATED, Leaf, leaves_of, root_of

_SINGLE: Final = ("row", "tier", "purposes", "weight", "language", "domain", "licence", "cohort")


class UnreadableRelease(CorpusError):
    """A file of a release is missing, or is not in the form in which it is written."""


def read_documents(folder: Path) -> dict[str, str]:
    """The text of each of the four documents that is here and is text."""
    found = {}
    for name in DOCUMENTS:
        try:
            found[name] = (folder / name).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return found


def read_rows(folder: Path) -> pl.DataFrame:
    """The rows of all shards; ``shown`` says whether there is a text, ``characters`` how long it is. No texts.

    Raises:
        UnreadableRelease: a shard is missing or has other columns.
    """
    try:
        frame = pl.scan_parquet(sorted((folder / "data").glob("*.parquet")))
        shown = pl.col("text").is_not_null().alias("shown")
        length = pl.col("text").str.len_chars().fill_null(0).cast(pl.Int64).alias("characters")
        rows = frame.select(*_SINGLE, shown, length).collect()
    except (pl.exceptions.PolarsError, OSError, ValueError):
        raise UnreadableRelease("data: the shards cannot be read") from None
    if any(rows.schema[name] != SHARD_SCHEMA[name] for name in _SINGLE):
        raise UnreadableRelease("data: a column of the shards has another type")
    return rows


def read_withdrawn(folder: Path) -> list[Leaf]:
    """The leaves of rows that are listed as withdrawn.

    Raises:
        UnreadableRelease: the list is missing or damaged.
    """
    leaves = []
    try:
        for line in (folder / WITHDRAWN_FILE).read_text("utf-8").splitlines():
            fields = json.loads(line)
            cohort = None if fields["cohort"] == FEDERATED else fields["cohort"]
            leaves.append(Leaf(**{**fields, "cohort": cohort, "purposes": tuple(fields["purposes"])}))
    except (OSError, ValueError, KeyError, TypeError):
        raise UnreadableRelease(f"{WITHDRAWN_FILE} is missing or damaged") from None
    return leaves


def root_of_release(rows: pl.DataFrame, withdrawn: list[Leaf]) -> str:
    """The root over all leaves, those of withdrawn rows included.

    Raises:
        InvalidManifest: a row occurs twice, or a value is missing.
    """
    return root_of([*leaves_of(rows), *withdrawn])


def figures_of(rows: pl.DataFrame, withdrawn: int) -> Figures:
    """The figures that can be counted in the shards themselves: what the documents must state."""
    weights = sorted(rows["weight"].to_list()) or [0]
    found: Figures = {
        (FIGURE, "Items of the version"): str(rows.height + withdrawn),
        (FIGURE, "Items listed"): str(rows.height),
        (FIGURE, "Withdrawn since"): str(withdrawn),
        (FIGURE, "Items with text"): str(int(rows["shown"].sum())),
        (FIGURE, "Characters of text"): str(int(rows["characters"].sum())),
        (FIGURE, "Least weight"): str(weights[0]),
        (FIGURE, "Median weight"): str(median_of(weights)),
        (FIGURE, "Greatest weight"): str(weights[-1]),
    }
    counted = {
        "Language": Counter(rows["language"].to_list()),
        "Domain": Counter(cell(domain) or NOT_DECLARED for domain in rows["domain"].to_list()),
        "Tier": Counter(rows["tier"].to_list()),
        "Purpose": Counter(purpose for purposes in rows["purposes"].to_list() for purpose in purposes),
        "Licence": Counter(licence or NO_RECORD for licence in rows["licence"].to_list()),
    }
    for group, counts in counted.items():
        found |= {(group, value): str(number) for value, number in counts.items()}
    return found
