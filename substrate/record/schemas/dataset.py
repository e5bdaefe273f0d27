"""What is built from it: dataset versions."""

from typing import Literal

from substrate.record.schemas.base import Closed, Count, Digest, Envelope, Line, Time, Token


class CutEntry(Closed):
    """One log of a cut."""

    log: Line
    size: Count
    root: Digest


class Manifest(Closed):
    """The file that lists a version's rows."""

    blake3: Digest
    bytes: Count


class BuiltFrom(Closed):
    """What a version was computed from; none of it enters the version's id."""

    cut: list[CutEntry]
    asOf: Time  # noqa: N815
    wanted: Digest
    manifest: Manifest


class DatasetVersion(Envelope):
    """A version of the corpus that a node built and published."""

    type: Literal["DatasetVersion"]
    version: Digest
    format: Literal["lecs-dataset-1"]
    recipe: Digest
    policy: Digest
    steps: dict[Token, Token]
    root: Digest
    items: Count
    refused: Count
    builtFrom: BuiltFrom  # noqa: N815
    time: Time
