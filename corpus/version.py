"""The identity of a dataset version and its manifest frame.

The id is SHA-256 of the canonical {format, recipe, policy, steps, root}; the root is the RFC 6962 tree hash
over the canonical leaves sorted by row. Times, keys, cuts and file hashes are not in it: when nothing that
matters changed, the id is the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from corpus.errors import InvalidManifest
from corpus.items import Item
from corpus.mixture import Weighted
from substrate.record.canonical import canonical_bytes, digest
from substrate.record.merkle import tree_root

FORMAT: Final = "lecs-dataset-1"
FEDERATED: Final = -1

#: Raised by hand whenever a step may give another result for the same items and recipe.
STEPS: Final[dict[str, str]] = {"unique": "1", "mixture": "1"}

MANIFEST_SCHEMA: Final = pl.Schema(
    {
        "row": pl.String(),
        "contribution": pl.String(),
        "cohort": pl.Int32(),
        "tier": pl.String(),
        "purposes": pl.List(pl.String()),
        "weight": pl.Int64(),
        "language": pl.String(),
        "domain": pl.String(),
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Leaf:
    """What a version commits to for one item. ``cohort`` is None for the federated tier."""

    row: str
    cohort: int | None
    tier: str
    purposes: tuple[str, ...]
    weight: int

    def canonical(self) -> bytes:
        """The bytes that the tree hashes; the federated tier has cohort -1, as the profile has no null."""
        return canonical_bytes(
            {
                "cohort": FEDERATED if self.cohort is None else self.cohort,
                "purposes": sorted(self.purposes),
                "row": self.row,
                "tier": self.tier,
                "weight": self.weight,
            }
        )


def leaf_of(item: Item, weight: int) -> Leaf:
    """The leaf of a weighted item."""
    return Leaf(item.row, item.cohort, item.tier, item.purposes, weight)


def root_of(leaves: Iterable[Leaf]) -> str:
    """The RFC 6962 root over the leaves sorted by row, 64 hexadecimal digits.

    Raises:
        InvalidManifest: a row occurs twice.
    """
    by_row = sorted(leaves, key=lambda leaf: leaf.row)
    if len({leaf.row for leaf in by_row}) != len(by_row):
        raise InvalidManifest("a row occurs twice")
    return tree_root(leaf.canonical() for leaf in by_row).hex()


def version_id(recipe_digest: str, policy_digest: str, steps: Mapping[str, str], leaves: Iterable[Leaf]) -> str:
    """The id of a version, 64 hexadecimal digits, from the items it holds.

    Raises:
        InvalidManifest: a row occurs twice.
    """
    return version_id_of_root(recipe_digest, policy_digest, steps, root_of(leaves))


def version_id_of_root(recipe_digest: str, policy_digest: str, steps: Mapping[str, str], root: str) -> str:
    """The id of a version, 64 hexadecimal digits, from what its manifest.json states."""
    return digest(
        {
            "format": FORMAT,
            "recipe": recipe_digest,
            "policy": policy_digest,
            "steps": dict(steps),
            "root": root,
        }
    )


def manifest_frame(weighted: Sequence[Weighted]) -> pl.DataFrame:
    """One line per item, sorted by row, with the columns of `MANIFEST_SCHEMA`."""
    lines = [
        {
            "row": entry.item.row,
            "contribution": entry.item.contribution,
            "cohort": entry.item.cohort,
            "tier": entry.item.tier,
            "purposes": list(entry.item.purposes),
            "weight": entry.weight,
            "language": entry.item.language,
            "domain": entry.item.domain,
        }
        for entry in weighted
    ]
    return pl.DataFrame(lines, schema=MANIFEST_SCHEMA).sort("row")


def leaf_lines(manifest: pl.DataFrame) -> pl.Series:
    """`Leaf.canonical` of every line of a manifest as text, without making a `Leaf` of each (a test compares them).

    Raises:
        InvalidManifest: as `leaves_of`.
    """
    _check_columns(manifest)
    purposes = pl.col("purposes").list.sort().list.join('","')
    return manifest.select(
        pl.concat_str(
            pl.lit('{"cohort":'),
            pl.col("cohort").fill_null(FEDERATED).cast(pl.String),
            pl.when(pl.col("purposes").list.len() > 0)
            .then(pl.concat_str(pl.lit(',"purposes":["'), purposes, pl.lit('"],"row":"')))
            .otherwise(pl.lit(',"purposes":[],"row":"')),
            "row",
            pl.lit('","tier":"'),
            "tier",
            pl.lit('","weight":'),
            pl.col("weight").cast(pl.String),
            pl.lit("}"),
        )
    ).to_series()


def leaves_of(manifest: pl.DataFrame) -> list[Leaf]:
    """The leaves of a manifest frame, in its order.

    Raises:
        InvalidManifest: a column is missing or has another type, or a value that must be there is null.
    """
    _check_columns(manifest)
    columns = manifest.select("row", "cohort", "tier", "purposes", "weight")
    return [
        Leaf(row, cohort, tier, tuple(purposes), weight) for row, cohort, tier, purposes, weight in columns.iter_rows()
    ]


def _check_columns(manifest: pl.DataFrame) -> None:
    for name in ("row", "cohort", "tier", "purposes", "weight"):
        if manifest.schema.get(name) != MANIFEST_SCHEMA[name]:
            raise InvalidManifest(f"column {name} must be {MANIFEST_SCHEMA[name]}")
        if name != "cohort" and manifest[name].null_count():
            raise InvalidManifest(f"column {name} holds a null")
