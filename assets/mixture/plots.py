"""What weighting does, as a picture: each value's share of the items before, and of the weight after."""

import base64

import polars as pl

from corpus.paired_bars import in_words, paired_bars

_LABELS = ("items", "weight")


def before_and_after(frame: pl.DataFrame | pl.LazyFrame) -> str:
    """Pairs of bars by language, domain and tier, as Markdown with inline SVG and the same figures in words."""
    parts = []
    for column in ("language", "domain", "tier"):
        named = frame.lazy().select(pl.col(column).replace("", "(not declared)").alias("value"), "weight")
        sums = named.group_by("value").agg(pl.len().alias("items"), pl.col("weight").sum()).collect()
        items = dict(sums.select("value", "items").iter_rows())
        weights = dict(sums.select("value", "weight").iter_rows())
        picture = paired_bars(f"By {column}", items, weights, _LABELS)
        words = in_words(items, weights, _LABELS)
        data = base64.b64encode(picture.encode()).decode()
        parts.append(f"![By {column}](data:image/svg+xml;base64,{data})\n\n{words}")
    return "\n\n".join(parts)
