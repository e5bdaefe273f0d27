"""Parquet with every option pinned, so that equal frames give equal bytes under one version of Polars.

File hashes change when the library is upgraded; a version's id therefore never depends on them.
"""

from typing import IO, Final

import polars as pl

ROW_GROUP: Final = 65_536


def write_parquet(frame: pl.DataFrame, out: IO[bytes]) -> None:
    """Write ``frame`` to an open binary file."""
    frame.rechunk().write_parquet(
        out,
        compression="zstd",
        compression_level=3,
        statistics=True,
        row_group_size=ROW_GROUP,
        use_pyarrow=False,
    )
