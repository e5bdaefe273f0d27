"""Inputs and outputs of jobs as manifests and receipts name them."""

from substrate.record.canonical import JsonObject
from substrate.record.pieces import layout_of, piece_name, root_of


def blob_root(data: bytes) -> str:
    """The root of bytes, as blobs are named on the mesh: 64 hexadecimal digits.

    Raises:
        MalformedDocument: more bytes than a blob may have.
    """
    layout = layout_of(len(data))
    starts = (layout.start(number) for number in range(layout.pieces))
    return root_of(b"".join(piece_name(data[start : start + layout.piece]) for start in starts))


def job_blob(data: bytes) -> JsonObject:
    """``data`` as one of the ``inputs`` or ``outputs`` of a document."""
    return {"root": blob_root(data), "bytes": len(data)}
