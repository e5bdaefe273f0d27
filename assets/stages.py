"""Stage files: what one asset hands to the next, under HOME/derived/stages. No text is ever in them.

A stage is a folder with one Parquet file per cohort (`-1` for the federated tier): a stage reads and writes one
cohort at a time, and a cohort whose input is the same as last time is not computed again.
"""

import json
from collections.abc import Iterator
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
COMPARED: Final = "compared"
SURVEY: Final = "survey"
#: Lines of a stage file that are read together: a reader that wants a few rows reads a few groups.
ROW_GROUP: Final = 8192

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


#: What time decides about, beside the lines of the first two stages.
_TIMES: Final = {"expires": pl.String(), "hold_until": pl.String()}

SCHEMAS: Final[dict[str, pl.Schema]] = {
    ELIGIBLE: pl.Schema({**ITEM_SCHEMA, **_TIMES, "keys": pl.Binary()}),
    REFUSED: pl.Schema(
        {"contribution": pl.String(), "row": pl.String(), "reason": pl.String(), "cohort": pl.Int32(), **_TIMES}
    ),
    UNIQUE: ITEM_SCHEMA,
    DUPLICATES: pl.Schema({"contribution": pl.String(), "row": pl.String(), "of": pl.String(), "jaccard": pl.String()}),
    COMPARED: pl.Schema({"row": pl.String(), "other": pl.String(), "common": pl.Int64(), "together": pl.Int64()}),
    MIXTURE: pl.Schema({**ITEM_SCHEMA, "weight": pl.Int64(), "reasons": pl.List(pl.String())}),
}
#: By what the lines of a stage are sorted, where it is not the row.
SORTED_BY: Final = {REFUSED: "contribution"}


class StageGone(NotFound):
    """A stage has not been computed, or an erasure removed it: compute it again."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a build is computed from: fixed when it begins, and stated in the signed version.

    Attributes:
        as_of: the time that decides expiry and hold.
        high_water: how far the ledger was read (arrival number; local, never published).
        wanted: digest of what a version should be made of now.
        law: digest of everything besides the documents about a contribution that decides about it.
    """

    as_of: str
    high_water: int
    wanted: str
    recipe: str
    policy: str
    refused: int
    law: str = ""


def stage_path(home: Home, name: str) -> Path:
    """The folder in which the stage ``name`` is kept."""
    return home.derived / "stages" / name


def part_path(home: Home, name: str, cohort: int) -> Path:
    """The file of one cohort; the federated tier is -1."""
    return stage_path(home, name) / f"{cohort}.parquet"


def cohorts_in(home: Home, name: str) -> list[int]:
    """The cohorts of which a stage has a file, in order.

    Raises:
        StageGone: it has not been computed, or was removed by an erasure.
    """
    folder = stage_path(home, name)
    if not folder.is_dir():
        raise StageGone(f"stage {name} is not there: run `lecs dataset build`")
    return sorted(int(path.stem) for path in folder.glob("*.parquet"))


def write_part(home: Home, name: str, cohort: int, frame: pl.DataFrame) -> None:
    """Replace one cohort of a stage in one step; a cohort without lines has no file."""
    path = part_path(home, name, cohort)
    path.parent.mkdir(parents=True, exist_ok=True)
    if frame.is_empty():
        path.unlink(missing_ok=True)
        return
    temporary = path.with_suffix(".tmp")
    frame.rechunk().write_parquet(temporary, compression="lz4", statistics=True, row_group_size=ROW_GROUP)
    failpoint("build.stage")
    temporary.replace(path)
    failpoint("build.stage-written")


def read_part(home: Home, name: str, cohort: int) -> pl.DataFrame:
    """One cohort of a stage; without lines where it has no file."""
    try:
        return pl.read_parquet(part_path(home, name, cohort))
    except FileNotFoundError:
        return pl.DataFrame(schema=SCHEMAS[name])


def parts(home: Home, name: str) -> Iterator[pl.DataFrame]:
    """A stage cohort by cohort.

    Raises:
        StageGone: as `cohorts_in`.
    """
    for cohort in cohorts_in(home, name):
        yield read_part(home, name, cohort)


def scan_stage(home: Home, name: str) -> pl.LazyFrame:
    """A stage to count in without reading all of it at once.

    Raises:
        StageGone: as `cohorts_in`.
    """
    files = [part_path(home, name, cohort) for cohort in cohorts_in(home, name)]
    return pl.scan_parquet(files) if files else pl.LazyFrame(schema=SCHEMAS[name])


def heights_of(home: Home, name: str) -> dict[int, int]:
    """How many lines each cohort of a stage has.

    Raises:
        StageGone: as `cohorts_in`.
    """
    files = {cohort: part_path(home, name, cohort) for cohort in cohorts_in(home, name)}
    return {cohort: int(pl.scan_parquet(path).select(pl.len()).collect().item()) for cohort, path in files.items()}


def height_of(home: Home, name: str) -> int:
    """How many lines a stage has."""
    return int(scan_stage(home, name).select(pl.len()).collect().item())


def read_stage(home: Home, name: str) -> pl.DataFrame:
    """A whole stage at once, sorted: for people to look at, not for what must work at any size.

    Raises:
        StageGone: as `cohorts_in`.
    """
    return scan_stage(home, name).collect().sort(SORTED_BY.get(name, "row"))


def _basis_path(home: Home) -> Path:
    return home.derived / "stages" / "basis.json"


def write_basis(home: Home, basis: Basis) -> None:
    """Note what the stages are computed from."""
    write_atomic(_basis_path(home), canonical_bytes(asdict(basis)), durable=False)
    failpoint("build.basis")


def read_basis(home: Home) -> Basis:
    """What the stages were computed from.

    Raises:
        StageGone: nothing has been computed.
    """
    try:
        return Basis(**json.loads(_basis_path(home).read_bytes()))
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
