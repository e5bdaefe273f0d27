"""A commons without a model, a folder that is its inbox, and a redactor of the tests' own."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from consent.founding import CHARTER_DEFAULTS, found_commons
from consent.inbox.consuming import Inbox
from consent.redaction.types import Passage, Redaction
from substrate.store.home import Home, open_home

NOW = "2026-11-22T10:00:00Z"
OLD = 1_700_000_000
ROW: dict[str, Any] = {
    "text": "Une histoire secrète.",
    "language": "fr",
    "domain": "letter",
    "tier": "public",
    "purposes": ["train"],
    "licence": "CC0-1.0",
    "contributor": {"kind": "pseudonym", "name": "Aubépine"},
    "rights": {"basis": "author"},
    "people": {"conversation": False},
    "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": "none"},
    "notice": "2026-11",
}


class Plain:
    """Takes the word «secrète» out, and holds what says «hold»."""

    version = "plain-1"

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """One redaction per passage."""
        return [
            Redaction("held", "fr", "asked", None, ())
            if "hold" in one.text and not one.reviewed
            else Redaction("redacted", "fr", None, one.text.replace("secrète", "<SECRET_1>"), ())
            for one in passages
        ]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A new commons."""
    found_commons(tmp_path / "home", CHARTER_DEFAULTS, {"format": "of the tests"}, (), NOW)
    with open_home(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def inbox(home: Home, tmp_path: Path) -> Inbox:
    """Its folder is empty; the clocks stand still."""
    (tmp_path / "inbox").mkdir()
    return Inbox(home, tmp_path / "inbox", Plain, lambda: NOW, lambda: OLD + 1000.0)


@pytest.fixture
def put(inbox: Inbox) -> Callable[..., Path]:
    """Drops rows (or bytes) into the inbox, as if long ago."""

    def drop(name: str, *rows: Any, data: bytes | None = None) -> Path:
        path = inbox.folder / name
        path.write_bytes(
            data if data is not None else b"".join(json.dumps({**ROW, **r}).encode() + b"\n" for r in rows)
        )
        os.utime(path, (OLD, OLD))
        return path

    return drop
