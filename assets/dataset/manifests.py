"""Reading the manifest of a published version."""

import io

import polars as pl

from substrate.record.documents import Document
from substrate.store.errors import Tampered
from substrate.store.home import Home


def read_manifest(home: Home, version: Document) -> pl.DataFrame:
    """The rows of a version, sorted by row.

    Raises:
        NotFound: the manifest is not in this home. Tampered: it is not the one that was signed.
    """
    data = home.blobs.get(version.body["builtFrom"]["manifest"]["blake3"])
    try:
        return pl.read_parquet(io.BytesIO(data))
    except pl.exceptions.PolarsError:
        raise Tampered(f"the manifest of version {version.body['version'][:16]}… cannot be read") from None
