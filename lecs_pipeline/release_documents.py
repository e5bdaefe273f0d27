"""The four documents of an export: one view of facts, written four times, and read back before anybody sees them."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import polars as pl

from consent.state import State
from corpus.agreement import CROISSANT_FILE, DATASHEET, DOCUMENTS, README, TRAINING_SUMMARY, check_agreement
from corpus.card import CardFacts
from corpus.croissant import croissant_content
from corpus.datasheet import datasheet_text
from corpus.manifest import File
from corpus.release import NO_RECORD, NOT_DECLARED, ReleaseFacts, cell, median_of, readme_text
from corpus.training_summary import training_summary_text
from substrate.record.documents import Document
from substrate.store.home import Home


def release_facts(
    home: Home,
    version: Document,
    kept: pl.DataFrame,
    live: Sequence[State],
    card: CardFacts,
    licences: Mapping[str, str],
    legal_bases: Collection[str],
    characters: int,
) -> ReleaseFacts:
    """The facts of a release: ``kept`` are the manifest lines of listed items, ``live`` their states.

    ``licences`` go from row to licence; ``characters`` are those of the texts that are shown.
    """
    body = version.body
    weights = sorted(kept["weight"].to_list())
    given = sorted(state.given_at for state in live)
    return ReleaseFacts(
        card=card,
        published_at=body["time"],
        as_of=body["builtFrom"]["asOf"],
        jurisdiction=home.roles().charter.body["jurisdiction"],
        legal_bases=tuple(sorted(legal_bases)),
        refused=body["refused"],
        first_given=given[0] if given else "",
        last_given=given[-1] if given else "",
        domains=Counter(cell(domain) or NOT_DECLARED for domain in kept["domain"].to_list()),
        licences=Counter(licences.get(row) or NO_RECORD for row in kept["row"].to_list()),
        sizes=Counter(state.size_class for state in live),
        characters=characters,
        least=weights[0] if weights else 0,
        median=median_of(weights),
        most=weights[-1] if weights else 0,
        steps=body["steps"],
    )


def write_documents(folder: Path, facts: ReleaseFacts, files: Sequence[File]) -> tuple[str, ...]:
    """Write the four documents into ``folder`` and return their names; ``files`` are shards and withdrawn rows.

    Raises:
        DocumentsDisagree: read back, they do not state the same figures.
    """
    croissant = json.dumps(croissant_content(facts, files), indent=1, ensure_ascii=False) + "\n"
    texts = {
        README: readme_text(facts),
        DATASHEET: datasheet_text(facts),
        TRAINING_SUMMARY: training_summary_text(facts),
        CROISSANT_FILE: croissant,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    check_agreement({name: (folder / name).read_text("utf-8") for name in DOCUMENTS})
    return DOCUMENTS
