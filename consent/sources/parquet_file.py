"""``.parquet``: a column per key, nested as structs or with dotted names. Read a slice of rows at a time."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from consent.rows import MAX_ROW_BYTES, Refusal
from consent.sources.columns import COLUMNS, shown
from consent.sources.footer import BadFooter, Group, read_groups
from consent.sources.settling import settle
from consent.sources.source import SourceLine, UnreadableSource
from substrate.record.canonical import JsonObject, check_profile
from substrate.record.errors import MalformedDocument

SLICE: Final = 16 * 1024
_STRINGS: Final = (pl.String, pl.Categorical, pl.Enum)
#: Columns whose lists have parts of their own.
_PARTS: Final = {
    "people.consents": {"label": "word", "tier": "word"},
    "redacted.spans": {"start": "number", "end": "number", "label": "word"},
}


@dataclass(frozen=True, slots=True)
class CheckedParquet:
    """A file whose sizes and columns were looked at."""

    groups: tuple[Group, ...]

    @property
    def rows(self) -> int:
        """How many rows it states."""
        return sum(group.rows for group in self.groups)


def check_parquet(path: Path) -> CheckedParquet:
    """Look at sizes and columns; nothing is unpacked.

    Raises:
        UnreadableSource: naming the limit, or the column and its type.
    """
    try:
        groups = read_groups(path)
    except BadFooter as error:
        raise UnreadableSource(f"{path.name}: {error}") from None
    try:
        schema = pl.read_parquet_schema(path)
    except BaseException as error:
        _only_polars(error)
        raise UnreadableSource(f"{path.name}: its schema cannot be read") from None
    leaves = [leaf for name, dtype in schema.items() for leaf in _leaves(name, dtype)]
    seen: set[str] = set()
    for name, dtype in leaves:
        if name not in COLUMNS:
            raise UnreadableSource(f"{path.name}: column{shown(name)} is not one that rows have; {', '.join(COLUMNS)}")
        if name in seen:
            raise UnreadableSource(f"{path.name}: column{shown(name)} is given twice")
        if not _fits(name, dtype):
            kind = type(dtype).__name__
            raise UnreadableSource(
                f"{path.name}: column{shown(name)} has the type {kind}; {_wanted(name)} belongs there"
            )
        seen.add(name)
    return CheckedParquet(tuple(groups))


def parquet_rows(path: Path, checked: CheckedParquet) -> Iterator[SourceLine]:
    """One row per row. What cannot be unpacked is refused with the number of its first row; the rest is not read."""
    frames = pl.scan_parquet(path, glob=False, hive_partitioning=False, low_memory=True)
    start = 0
    for group in checked.groups:
        for offset in range(0, group.rows, SLICE):
            length = min(SLICE, group.rows - offset)
            frame = _read(frames, start + offset, length)
            if frame is None or frame.height != length:
                sentence = "this row and the rest of the file cannot be unpacked"
                yield SourceLine(start + offset + 1, Refusal("malformed", sentence))
                return
            yield from _rows(frame, start + offset)
        start += group.rows


def _read(frames: pl.LazyFrame, offset: int, length: int) -> pl.DataFrame | None:
    try:
        return frames.slice(offset, length).collect()
    except BaseException as error:
        _only_polars(error)
        return None


def _rows(frame: pl.DataFrame, before: int) -> Iterator[SourceLine]:
    """A dictionary can make one long text a million rows: long cells never become Python objects."""
    sizes = _sizes(frame)
    for index, size in enumerate(sizes):
        line = before + index + 1
        if size > MAX_ROW_BYTES:
            yield SourceLine(line, Refusal("malformed", f"the row is longer than {MAX_ROW_BYTES} bytes"))
            continue
        yield SourceLine(line, _row(frame.row(index, named=True)), size)


def _sizes(frame: pl.DataFrame) -> list[int]:
    """About how many bytes each row has: of its text, and of everything else as JSON would have it."""
    weights = [_weight_of(pl.col(name), dtype) for name, dtype in frame.schema.items()]
    return frame.select(pl.sum_horizontal(weights, ignore_nulls=True).alias("size"))["size"].to_list()


def _weight_of(column: pl.Expr, dtype: Any) -> pl.Expr:
    if isinstance(dtype, _STRINGS):
        return column.cast(pl.String).str.len_bytes().cast(pl.Int64)
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, _STRINGS):
        return column.list.eval(pl.element().cast(pl.String).str.len_bytes()).list.sum().cast(pl.Int64)
    if isinstance(dtype, pl.List):
        # Parts of lists (labels, names) are short, or refused later: what counts here is how many there are.
        return column.list.len().cast(pl.Int64) * 64
    if isinstance(dtype, pl.Struct) and dtype.fields:
        fields = [_weight_of(column.struct.field(field.name), field.dtype) for field in dtype.fields]
        return pl.sum_horizontal(fields, ignore_nulls=True)
    return pl.lit(8, pl.Int64)


def _row(cells: dict[str, Any]) -> JsonObject | Refusal:
    row: JsonObject = {}
    for name, cell in cells.items():
        value = _answered(cell)
        if value is None:
            continue
        part, _, leaf = name.rpartition(".")
        if part:
            row.setdefault(part, {})[leaf] = value
        elif isinstance(value, dict):
            row.setdefault(name, {}).update(value)
        else:
            row[name] = value
    try:
        check_profile(row)
    except MalformedDocument as error:
        return Refusal("malformed", f"the row holds {error}")
    return settle(row)


def _answered(value: Any) -> Any:
    """Nulls, and structs of nothing but nulls, are not answered."""
    if isinstance(value, dict):
        parts = {key: inner for key, child in value.items() if (inner := _answered(child)) is not None}
        return parts or None
    if isinstance(value, list):
        return [inner for child in value if (inner := _answered(child)) is not None]
    return value.isoformat() if isinstance(value, datetime.date) else value


def _leaves(name: str, dtype: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(dtype, pl.Struct) and name.count(".") < 2:
        for field in dtype.fields:
            yield from _leaves(f"{name}.{field.name}", field.dtype)
    else:
        yield name, dtype


def _fits(name: str, dtype: Any) -> bool:
    kind = COLUMNS[name]
    if isinstance(dtype, pl.Null):
        return True
    if isinstance(dtype, pl.List):
        inner, parts = dtype.inner, _PARTS.get(name)
        if isinstance(inner, pl.Struct) and parts is not None:
            return all(f.name in parts and _is(parts[f.name], f.dtype) for f in inner.fields)
        return kind in ("list", "none-or-list", "spans") and isinstance(inner, (pl.Null, *_STRINGS))
    if name == "expires" and isinstance(dtype, pl.Date):
        return True
    if name in ("declared.minors", "declared.students") and isinstance(dtype, _STRINGS):
        return True
    return kind not in ("list", "spans") and _is(kind, dtype)


def _is(kind: str, dtype: Any) -> bool:
    if kind == "flag":
        return isinstance(dtype, pl.Boolean)
    if kind == "number":
        return bool(dtype.is_integer()) or isinstance(dtype, pl.Null)
    return isinstance(dtype, (pl.Null, *_STRINGS))


def _wanted(name: str) -> str:
    wanted = {"flag": "true or false", "number": "whole numbers", "list": "a list of words", "spans": "a list of spans"}
    return wanted.get(COLUMNS[name], "text")


def _only_polars(error: BaseException) -> None:
    """Anything that Polars throws at damaged bytes, its panics included; what else happened goes on."""
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error
    if isinstance(error, MemoryError):
        raise error
