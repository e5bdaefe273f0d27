"""What an export file holds, once it is verified."""

from dataclasses import dataclass, field
from typing import Final

from substrate.record.canonical import JsonObject
from substrate.record.checkpoint import Head
from substrate.record.documents import Document

FORMAT: Final = "lecs-ledger-1"
MAX_LINE: Final = 64 * 1024 * 1024


@dataclass
class LogCopy:
    """A log as a file states it: leaves as (private, digest), and the checkpoints of its heads."""

    origin: str
    leaves: list[tuple[bool, str]] = field(default_factory=list)
    checkpoints: list[str] = field(default_factory=list)
    #: The signed head over all leaves, once it is verified.
    head: Head | None = None


@dataclass
class Contents:
    """A verified file, not stored yet."""

    commons: str
    charter: str
    documents: dict[str, Document] = field(default_factory=dict)
    logs: dict[str, LogCopy] = field(default_factory=dict)
    blobs: list[bytes] = field(default_factory=list)
    items: list[JsonObject] = field(default_factory=list)
    erased: set[str] = field(default_factory=set)
    #: Contribution of each item -> the node whose fact it belongs to.
    accepted_by: dict[str, str] = field(default_factory=dict)
