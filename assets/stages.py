"""Stage files: what one asset hands to the next, under HOME/derived/stages. No text is ever in them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import polars as pl

from corpus.items import Item
from substrate.record.canonical import canonical_bytes
from substrate.store.errors import NotFound
from substrate.store.failpoints import failpoint
from substrate.store.files import write_atomic
from substrate.store.home import Home

ELIGIBLE: Final = "eligible"
UNIQUE: Final = "unique"
MIXTURE: Final = "mixture"
REFUSED: Final = "refused"
DUPLICATES: Final = "duplicates"

ITEM_SCHEMA: Final = pl.Schema(
    {
        "row": pl.String(),
        "contribution": pl.String(),
        "cohort": pl.Int32(),
        "tier": pl.String(),
        "purposes": pl.List(pl.String()),
        "language": pl.String(),
        "domain": pl.String(),
        "quality": pl.String(),
        "contributor": pl.String(),
        "licence": pl.String(),
        "standing": pl.String(),
        "preview": pl.String(),
        "order": pl.Binary(),
    }
)


class StageGone(NotFound):
    """A stage has not been computed, or an erasure removed it: compute it again."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a build is computed from: fixed when it begins, and stated in the signed version.

    Attributes:
        as_of: the time that decides expiry and hold.
        high_water: how far the ledger was read (arrival number; local, never published).
        wanted: digest of what a version should be made of now.
    """

    as_of: str
    high_water: int
    wanted: str
    recipe: str
    policy: str
    refused: int


def stage_path(home: Home, name: str) -> Path:
    """Where the stage ``name`` is kept."""
    return home.derived / "stages" / f"{name}.parquet"


def write_stage(home: Home, name: str, frame: pl.DataFrame) -> None:
    """Replace a stage in one step."""
    path = stage_path(home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    frame.write_parquet(temporary, compression="zstd", statistics=False)
    failpoint("build.stage")
    temporary.replace(path)
    failpoint("build.stage-written")


def read_stage(home: Home, name: str) -> pl.DataFrame:
    """Read a stage.

    Raises:
        StageGone: it has not been computed, or was removed by an erasure.
    """
    try:
        return pl.read_parquet(stage_path(home, name))
    except FileNotFoundError:
        raise StageGone(f"stage {name} is not there: run `lecs dataset build`") from None


def write_basis(home: Home, basis: Basis) -> None:
    """Note what the stages are computed from."""
    write_atomic(stage_path(home, "basis").with_suffix(".json"), canonical_bytes(asdict(basis)), durable=False)
    failpoint("build.basis")


def read_basis(home: Home) -> Basis:
    """What the stages were computed from.

    Raises:
        StageGone: nothing has been computed.
    """
    try:
        return Basis(**json.loads(stage_path(home, "basis").with_suffix(".json").read_bytes()))
    except FileNotFoundError:
        raise StageGone("nothing has been computed yet: run `lecs dataset build`") from None


def items_of(frame: pl.DataFrame) -> list[Item]:
    """The items of a stage frame, in its order."""
    return [
        Item(
            row=line["row"],
            contribution=line["contribution"],
            cohort=line["cohort"],
            tier=line["tier"],
            purposes=tuple(line["purposes"]),
            language=line["language"],
            domain=line["domain"],
            quality=line["quality"],
            contributor=line["contributor"],
            order=line["order"],
        )
        for line in frame.iter_rows(named=True)
    ]
