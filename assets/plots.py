"""Small inline pictures and tables for the Dagster UI, readable without colour."""

import base64
from html import escape

import polars as pl

_BAR, _ROW, _LEFT = 260, 22, 150


def counted(frame: pl.DataFrame | pl.LazyFrame, column: str) -> list[tuple[str, int]]:
    """(value, how often), the most frequent first; a null or empty value is «(none)»."""
    values = frame.lazy().select(pl.col(column).cast(pl.String).fill_null("").replace("", "(none)"))
    counts = values.group_by(column).len().sort(["len", column], descending=[True, False]).collect()
    return [(str(value), int(number)) for value, number in counts.iter_rows()]


def bars(frame: pl.DataFrame | pl.LazyFrame, column: str) -> str:
    """A bar per value as Markdown with an inline SVG, followed by the same numbers in words."""
    rows = counted(frame, column)[:20]
    most = max((number for _, number in rows), default=1)
    lines = [
        f'<text x="{_LEFT - 8}" y="{y * _ROW + 15}" text-anchor="end">{escape(value)}</text>'
        f'<rect x="{_LEFT}" y="{y * _ROW + 3}" width="{max(2, _BAR * number // most)}" height="{_ROW - 7}" '
        f'fill="#3b6ea5"/><text x="{_LEFT + max(2, _BAR * number // most) + 6}" y="{y * _ROW + 15}">{number}</text>'
        for y, (value, number) in enumerate(rows)
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _BAR + 60}" height="{len(rows) * _ROW + 6}" '
        f'font-family="sans-serif" font-size="13">{"".join(lines)}</svg>'
    )
    words = ", ".join(f"{value} {number}" for value, number in rows) or "nothing"
    return f"![{words}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})\n\n{words}"


def counts_table(frame: pl.DataFrame | pl.LazyFrame, column: str) -> str:
    """A Markdown table of the values of a column."""
    lines = [f"| {column} | items |", "|---|---:|"]
    return "\n".join(lines + [f"| {value} | {number} |" for value, number in counted(frame, column)])
