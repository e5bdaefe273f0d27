"""The columns of the table of vectors, for the Dagster UI."""

from typing import Final

import polars as pl

VECTOR_COLUMNS: Final = pl.Schema(
    {
        "row": pl.String(),
        "contribution": pl.String(),
        "purposes": pl.List(pl.String()),
        "language": pl.String(),
        "domain": pl.String(),
        "vector": pl.Binary(),
    }
)
