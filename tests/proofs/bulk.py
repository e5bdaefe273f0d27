"""Homes with many synthetic texts, through the real intake; only redaction and receipts are left out, for time."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

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
