"""Two versions side by side, for people: counts, weights and consents before and after. No text.

Exact lengths are given only for texts that may be published: the public facts of other items state their size
coarsely, on purpose.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from corpus.difference import Difference, diff
from corpus.page import Section, page, paragraph, table
from corpus.release import NOT_DECLARED, median_of

#: How many items a list of the page shows; `--json` prints all.
MOST_LISTED: Final = 500
UNKNOWN: Final = "(unknown here)"


@dataclass(frozen=True, slots=True)
class Consent:
    """What the public fact of an item says, and what became of it (`State.word`)."""

    standing: str
    preview: str
    size: str
    now: str


@dataclass(frozen=True, slots=True)
class Side:
    """One version: its manifest, and the texts of it that may be published now."""

    version: str
    published_at: str
    recipe: str
    manifest: pl.DataFrame
    texts: int
    characters: int


def counts_of(side: Side, consents: Mapping[str, Consent]) -> dict[str, Counter[str]]:
    """Items of one version by language, domain, tier, purpose, standing, preview and size."""
    frame = side.manifest
    known = [consents.get(c) for c in frame["contribution"].to_list()]
    return {
        "Language": Counter(frame["language"].to_list()),
        "Domain": Counter(domain or NOT_DECLARED for domain in frame["domain"].to_list()),
        "Tier": Counter(frame["tier"].to_list()),
        "Purpose": Counter(p for purposes in frame["purposes"].to_list() for p in purposes),
        "Standing": Counter(c.standing if c else UNKNOWN for c in known),
        "Preview": Counter(c.preview if c else UNKNOWN for c in known),
        "Size": Counter(c.size if c else UNKNOWN for c in known),
    }


def comparison_page(before: Side, after: Side, consents: Mapping[str, Consent]) -> str:
    """The difference of two versions as a static HTML page."""
    found = diff(before.manifest, after.manifest)
    old, new = counts_of(before, consents), counts_of(after, consents)
    sections = [
        Section("summary", "Summary", _summary(before, after, found)),
        Section("languages", "Languages and domains", _both(("Language", "Domain"), old, new)),
        Section("consent", "Consent", _both(("Tier", "Purpose", "Standing", "Preview"), old, new) + _changed(found)),
        Section("sizes", "Sizes", _both(("Size",), old, new) + _characters(before, after)),
        Section("weights", "Weights", _weights(before, after, found)),
        Section("added", "Items added", _items("Items added", found.added, consents)),
        Section("removed", "Items removed", _items("Items removed", found.removed, consents)),
    ]
    lead = f"From version {before.version} to version {after.version}. This page shows no text."
    return page("What changed between two dataset versions", lead, sections)


def change_of(before: int, after: int) -> str:
    """A change with its sign in words that need no colour: "+3", "-2", "same"."""
    return "same" if before == after else f"{after - before:+,}"


def _summary(before: Side, after: Side, found: Difference) -> str:
    items = before.manifest.height, after.manifest.height
    rows: list[list[str | int]] = [
        ["Version", before.version, after.version, "same" if before.version == after.version else "other"],
        ["Published", before.published_at, after.published_at, ""],
        ["Recipe", before.recipe, after.recipe, "same" if before.recipe == after.recipe else "other"],
        ["Items", *items, change_of(*items)],
    ]
    parts: list[list[str | int]] = [
        ["Added", len(found.added)],
        ["Removed", len(found.removed)],
        ["In both, with another weight", len(found.reweighted)],
        ["In both, with another consent", len(found.changed)],
    ]
    return (
        table("The two versions", ["", "Before", "After", "Change"], rows)
        + "\n"
        + table("What happened to items", ["", "Items"], parts)
    )


def _both(groups: Sequence[str], old: Mapping[str, Counter[str]], new: Mapping[str, Counter[str]]) -> str:
    parts = []
    for group in groups:
        values = sorted(old[group].keys() | new[group].keys())
        rows: list[list[str | int]] = [
            [value, old[group][value], new[group][value], change_of(old[group][value], new[group][value])]
            for value in values
        ]
        parts.append(table(f"Items by {group.lower()}", [group, "Before", "After", "Change"], rows))
    return "\n".join(parts)


def _changed(found: Difference) -> str:
    rows: list[list[str | int]] = [
        [one["contribution"], _consent(one["before"]), _consent(one["after"])] for one in found.changed[:MOST_LISTED]
    ]
    caption = "Items of both versions with another consent"
    return "\n" + table(caption, ["Contribution", "Before", "After"], rows) + _rest(len(found.changed))


def _consent(entry: Mapping[str, Any]) -> str:
    return f"{entry['tier']}; {', '.join(entry['purposes'])}"


def _characters(before: Side, after: Side) -> str:
    rows: list[list[str | int]] = [
        ["Texts that may be published", before.texts, after.texts, change_of(before.texts, after.texts)],
        ["Their characters", before.characters, after.characters, change_of(before.characters, after.characters)],
    ]
    words = "Counted over texts that are here and may be published now; of all others only the size class is public."
    return "\n" + table("Characters", ["", "Before", "After", "Change"], rows) + "\n" + paragraph(words)


def _weights(before: Side, after: Side, found: Difference) -> str:
    old, new = (sorted(side.manifest["weight"].to_list()) for side in (before, after))
    rows: list[list[str | int]] = [
        [name, a, b, change_of(a, b)]
        for name, a, b in (
            ("Least", min(old, default=0), min(new, default=0)),
            ("Median", median_of(old), median_of(new)),
            ("Greatest", max(old, default=0), max(new, default=0)),
        )
    ]
    up = sum(one["after"] > one["before"] for one in found.reweighted)
    moved: list[list[str | int]] = [["Used more", up], ["Used less", len(found.reweighted) - up]]
    listed: list[list[str | int]] = [
        [one["contribution"], one["before"], one["after"], change_of(one["before"], one["after"])]
        for one in found.reweighted[:MOST_LISTED]
    ]
    return "\n".join(
        [
            paragraph("A weight says how often an item is used relative to its cohort's mean of 1,000,000."),
            table("Weights of all items", ["", "Before", "After", "Change"], rows),
            table("Items of both versions with another weight", ["", "Items"], moved),
            table("Which ones", ["Contribution", "Before", "After", "Change"], listed) + _rest(len(found.reweighted)),
        ]
    )


def _items(caption: str, lines: Sequence[Mapping[str, Any]], consents: Mapping[str, Consent]) -> str:
    headings = ["Contribution", "Language", "Domain", "Tier", "Purposes", "Weight", "What it is now"]
    rows: list[list[str | int]] = []
    for line in lines[:MOST_LISTED]:
        consent = consents.get(line["contribution"])
        rows.append(
            [
                line["contribution"], line["language"], line["domain"] or NOT_DECLARED, line["tier"],
                ", ".join(line["purposes"]), line["weight"], consent.now if consent else UNKNOWN,
            ]
        )  # fmt: skip
    return table(caption, headings, rows) + _rest(len(lines))


def _rest(total: int) -> str:
    if total <= MOST_LISTED:
        return ""
    return "\n" + paragraph(f"The first {MOST_LISTED} of {total:,}; lecs dataset diff --json prints all.")
