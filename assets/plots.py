"""Small inline pictures and tables for the Dagster UI, readable without colour."""

import base64
from collections.abc import Mapping
from html import escape
from typing import Final

import polars as pl

_BAR, _ROW, _LEFT, _NAME = 300, 24, 190, 26
#: Values of which one picture has a bar.
MOST_BARS: Final = 20


def counted(frame: pl.DataFrame | pl.LazyFrame, column: str, number: str | None = None) -> list[tuple[str, int]]:
    """(value, how often, or the sum of ``number``), the largest first; a null or empty value is «(none)»."""
    values = frame.lazy().with_columns(pl.col(column).cast(pl.String).fill_null("").replace("", "(none)"))
    sums = values.group_by(column).agg(many=pl.len() if number is None else pl.col(number).sum())
    counts = sums.sort(["many", column], descending=[True, False]).collect()
    return [(str(value), int(many)) for value, many in counts.iter_rows()]


def bars(frame: pl.DataFrame | pl.LazyFrame, column: str, number: str | None = None) -> str:
    """A bar per value of a column, as `bars_of`."""
    return bars_of(dict(counted(frame, column, number)))


def bars_of(counts: Mapping[str, int]) -> str:
    """A bar per value as Markdown with an inline SVG, followed by the same numbers in words."""
    rows = list(counts.items())[:MOST_BARS]
    most = max((number for _, number in rows), default=1) or 1
    drawn = "".join(_bar(place, value, number, most) for place, (value, number) in enumerate(rows))
    words = ", ".join(f"{value} {number}" for value, number in rows) or "nothing"
    more = f", and {len(counts) - MOST_BARS} more" if len(counts) > MOST_BARS else ""
    return f"{picture(drawn, len(rows) * _ROW + 8, words)}\n\n{words}{more}"


def picture(drawn: str, height: int, words: str, width: int = _LEFT + _BAR + 80) -> str:
    """SVG elements as an image that Markdown can hold; ``words`` say the same to those who do not see it."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="13"><rect width="{width}" height="{height}" fill="#ffffff"/>{drawn}</svg>'
    )
    alternative = words.replace("[", "(").replace("]", ")").replace("\n", " ")
    return f"![{alternative}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _bar(place: int, value: str, number: int, most: int) -> str:
    y, wide = place * _ROW, max(2, _BAR * number // most)
    name = escape(value if len(value) <= _NAME else f"{value[: _NAME - 1]}…")
    return (
        f'<text x="{_LEFT - 8}" y="{y + 18}" text-anchor="end">{name}</text>'
        f'<rect x="{_LEFT}" y="{y + 6}" width="{wide}" height="{_ROW - 8}" rx="2" fill="#3b6ea5"/>'
        f'<text x="{_LEFT + wide + 6}" y="{y + 18}">{number:,}</text>'
    )


def counts_table(frame: pl.DataFrame | pl.LazyFrame, column: str) -> str:
    """A Markdown table of the values of a column."""
    lines = [f"| {column} | items |", "|---|---:|"]
    return "\n".join(lines + [f"| {value} | {number} |" for value, number in counted(frame, column)])


def shares(parts: Mapping[str, tuple[int, int]]) -> str:
    """A Markdown table of (part, whole) with the share in percent."""
    lines = ["| | here | of all | share |", "|---|---:|---:|---:|"]
    for name, (part, whole) in parts.items():
        lines.append(f"| {name} | {part} | {whole} | {part * 100 / whole if whole else 0:.1f} % |")
    return "\n".join(lines)


def table_of(frame: pl.DataFrame) -> str:
    """The lines of a frame as a Markdown table; ids without their `urn:uuid:`, missing values empty."""
    head = f"| {' | '.join(frame.columns)} |\n|{'---|' * frame.width}"
    rows = [f"| {' | '.join(_cell(value) for value in row)} |" for row in frame.iter_rows()]
    return "\n".join([head, *rows]) if rows else "Nothing."


def _cell(value: object) -> str:
    return "" if value is None else str(value).removeprefix("urn:uuid:").replace("|", "\\|").replace("\n", " ")
