"""What a recipe makes of the same items: a summary to compare, and the page that shows two of them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from corpus.decimals import rounded
from corpus.mixture import Weighted
from corpus.page import Section, page, paragraph, table
from corpus.paired_bars import paired_bars, percent, share
from corpus.release import NOT_DECLARED

GROUPS: Final = ("language", "domain", "tier")
_PLACES: Final = 6


@dataclass(frozen=True, slots=True)
class Mixed:
    """One recipe applied. By group and value: ``items`` counts, ``weights`` sums; ``dropped`` near-duplicates."""

    recipe: str
    dropped: int
    items: Mapping[str, Mapping[str, int]]
    weights: Mapping[str, Mapping[str, int]]

    @property
    def total(self) -> int:
        """How many items are used."""
        return sum(self.items["tier"].values())

    def as_json(self) -> dict[str, Any]:
        """Plain data: decimals are strings; ``share`` is the value's part of all weight."""
        groups = {group: self._group(group) for group in GROUPS}
        return {"recipe": self.recipe, "items": self.total, "duplicates": self.dropped, **groups}

    def _group(self, group: str) -> dict[str, Any]:
        whole = sum(self.weights[group].values())
        return {
            value: {"items": number, "share": rounded(share(self.weights[group][value], whole), _PLACES)}
            for value, number in sorted(self.items[group].items())
        }


def mixed(recipe: str, weighted: Iterable[Weighted], dropped: int) -> Mixed:
    """Sum up the items that a recipe keeps, and their weights."""
    items: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
    weights: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
    for entry in weighted:
        item = entry.item
        for group, value in (("language", item.language), ("domain", item.domain), ("tier", item.tier)):
            items[group][value or NOT_DECLARED] += 1
            weights[group][value or NOT_DECLARED] += entry.weight
    return Mixed(recipe, dropped, items, weights)


def preview_page(before: Mixed, after: Mixed) -> str:
    """The two mixtures side by side, as a static HTML page."""
    rows: list[list[str | int]] = [
        ["Recipe", before.recipe, after.recipe],
        ["Items used", before.total, after.total],
        ["Near-duplicates, not used", before.dropped, after.dropped],
    ]
    sections = [Section("summary", "Summary", table("The two recipes", ["", "In force", "Previewed"], rows))]
    for group in GROUPS:
        old, new = before.weights[group], after.weights[group]
        picture = paired_bars(f"Share of weight by {group}", old, new, ("recipe in force", "previewed recipe"))
        sections.append(Section(group, f"By {group}", f"{picture}\n{_shares(group, before, after)}"))
    sections.append(Section("what", "What this is", paragraph(_WHAT)))
    lead = "Nothing was built and nothing was signed: this is what a build would do with either recipe now."
    return page("Two mixtures of the same texts", lead, sections)


_WHAT: Final = (
    "Weights are relative to each cohort's mean of 1,000,000; a share here is the part of all weight that falls to a "
    "value. A recipe changes which near-duplicates stay and how much each text weighs, never whether it may be used."
)


def _shares(group: str, before: Mixed, after: Mixed) -> str:
    totals = sum(before.weights[group].values()), sum(after.weights[group].values())
    rows: list[list[str | int]] = [
        [
            value,
            before.items[group].get(value, 0),
            percent(before.weights[group].get(value, 0), totals[0]),
            after.items[group].get(value, 0),
            percent(after.weights[group].get(value, 0), totals[1]),
        ]
        for value in sorted(before.items[group].keys() | after.items[group].keys())
    ]
    headings = [group.title(), "Items in force", "Weight in force", "Items previewed", "Weight previewed"]
    return table(f"Items and weight by {group}", headings, rows)
