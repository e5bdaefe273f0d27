"""Homes with many synthetic texts, through the real intake; only redaction and receipts are left out, for time."""

import hashlib
import json
import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from running import ROOT, commit, say

from consent.intake import Intake, Outcome, Terms
from consent.redaction.types import Passage, Redaction
from consent.sources import Source, SourceLine
from lecs_pipeline.clock import now
from substrate.record.documents import Document
from substrate.store.home import open_home

WORDS = 4000


class QuickRedactor:
    """Keeps every text as it is: these texts are made up, and redaction is not what is proven here."""

    version = "none-synthetic-1"

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """One redaction per passage, none with a placeholder."""
        return [Redaction("redacted", passage.language or "und", None, passage.text, ()) for passage in passages]


class BulkIntake(Intake):
    """An intake that writes no receipts: 100 thousand small files prove nothing here."""

    def _issue(self, fact: Document) -> str:
        return ""


def text_of(number: int) -> str:
    """A text of 40 words that resembles no other."""
    order = random.Random(number)
    return " ".join(f"mot{order.randrange(WORDS)}" for _ in range(40))


def row_of(number: int, contributors: int = 500) -> dict[str, Any]:
    """A complete row."""
    return {
        "text": text_of(number),
        "language": "fr",
        "domain": ("letter", "oral-history", "recipe")[number % 3],
        "tier": "public",
        "purposes": ["train", "evaluate"],
        "licence": "CC0-1.0",
        "contributor": {"kind": "pseudonym", "name": f"Plume {number % contributors}"},
        "rights": {"basis": "author"},
        "people": {"conversation": False},
        "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": "none"},
        "notice": "2026-11",
        "redacted": {"by": "Berthe Relue", "spans": []},
    }


def give_many(home: Path, first: int, count: int) -> list[Outcome]:
    """Take in so many texts; returns what became of each, with its code."""

    def lines() -> Iterator[SourceLine]:
        for line, number in enumerate(range(first, first + count), start=1):
            yield SourceLine(line, row_of(number))

    name = hashlib.sha256(f"bulk {first} {count}".encode()).hexdigest()
    with open_home(home) as opened:
        intake = BulkIntake(opened, Source(name, count, lines), QuickRedactor(), Terms(), now)
        outcomes = list(intake.run())
        intake.finish()
    return outcomes


def kept_home(home: Path, items: int) -> tuple[list[str], str]:
    """Fill a home just founded with so many texts: their withdrawal codes, and the commit whose code took them in.

    Taking in 100 thousand texts takes 20 minutes, and is not what is proven with them. So the home is kept beside
    the results, for as long as this code founds homes of the same format.
    """
    kept = ROOT / ".prove" / "inputs" / f"home-{items}"
    if kept.exists() and _format(kept / "home") == _format(home):
        shutil.rmtree(home)
        shutil.copytree(kept / "home", home)
    else:
        codes: list[str] = []
        for first in range(0, items, 10_000):
            codes += [o.code for o in give_many(home, first, min(10_000, items - first)) if o.code]
            say(f"  {len(codes)} of {items} texts are taken in")
        keep_home(kept, home, codes, commit())
    told = json.loads((kept / "made.json").read_text())
    return list(told["codes"]), str(told["commit"])


def keep_home(kept: Path, home: Path, codes: list[str], made_by: str) -> None:
    """Put a copy of ``home`` where `kept_home` looks; there only when it is whole."""
    shutil.rmtree(kept, ignore_errors=True)
    part = kept.with_name(f"{kept.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(home, part / "home")
    (part / "made.json").write_text(json.dumps({"codes": codes, "commit": made_by}))
    part.rename(kept)


def _format(home: Path) -> tuple[int, str]:
    """What the home's parts are written as: the database's version, and the pin's format."""
    connection = sqlite3.connect(home / "ledger.sqlite3")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    finally:
        connection.close()
    return int(version), str(json.loads((home / "commons.json").read_bytes()).get("format"))
