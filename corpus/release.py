"""What a release states of itself: one plain-data view, from which its four documents are written.

`figures` lists every figure that all four documents state: README.md, datasheet.md, ai-act-summary.md and
croissant.json. Each of them states a figure in a table or a record and nowhere else, so that
`corpus.agreement` can read all of them back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from corpus.card import CardFacts, card_text
from corpus.markdown import plain, table

#: (group, name) to value: the group is the heading of a table, the name its row.
Figures = dict[tuple[str, str], str]

#: The group of figures that stand alone.
FIGURE: Final = "Figure"
NOT_MEASURED: Final = "not measured"
NOT_DECLARED: Final = "(not declared)"
NO_RECORD: Final = "(no record here)"
#: No token is shorter than a byte, so this many bytes at most are this many tokens at most.
SIZE_BOUNDS: Final[dict[str, int]] = {
    "under-1KiB": 1 << 10,
    "1-10KiB": 10 << 10,
    "10-100KiB": 100 << 10,
    "100KiB-1MiB": 1 << 20,
}
#: Groups that README.md states in `corpus.card`; it states the others in a section of its own.
IN_THE_CARD: Final = frozenset({"Language", "Tier", "Purpose", "Standing", "Preview", "Placeholder"})


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """Everything that the documents of a release state. Counts go from a value to the number of listed items.

    Attributes:
        card: what the dataset card states; see `CardFacts`.
        published_at: the time in the signed version; ``as_of`` decided expiry and hold.
        jurisdiction: of the commons.
        legal_bases: that the records of listed items name.
        refused: contributions that the gate refused when the version was built.
        first_given, last_given: times of the first and the last consent among listed items; "" without any.
        domains, licences, sizes: counts; sizes are the coarse classes of public facts.
        characters: of the texts that are shown.
        least, median, most: weights of listed items; 0 without any.
        steps: name to version of the steps that made the version.
    """

    card: CardFacts
    published_at: str
    as_of: str
    jurisdiction: str
    legal_bases: tuple[str, ...]
    refused: int
    first_given: str
    last_given: str
    domains: Mapping[str, int]
    licences: Mapping[str, int]
    sizes: Mapping[str, int]
    characters: int
    least: int
    median: int
    most: int
    steps: Mapping[str, str]

    @property
    def listed(self) -> int:
        """Items of the version that are not withdrawn."""
        return self.card.items - self.card.withdrawn


def cell(value: str) -> str:
    """A value as every document spells it: on one line, without back-ticks."""
    return " ".join(value.split()).replace("`", "'")


def median_of(weights: list[int]) -> int:
    """The lower median of sorted weights, a whole number; 0 of none."""
    return weights[(len(weights) - 1) // 2] if weights else 0


def recall_in_words(facts: ReleaseFacts) -> str:
    """The measured recall of redaction with the set it was measured on, or that it was not measured."""
    return str(facts.card.recall) or NOT_MEASURED


def single_figures(facts: ReleaseFacts) -> dict[str, str]:
    """The figures that stand alone, by name."""
    card = facts.card
    return {
        "Version": card.version,
        "Published": facts.published_at,
        "Items of the version": str(card.items),
        "Items listed": str(facts.listed),
        "Withdrawn since": str(card.withdrawn),
        "Items with text": str(card.with_text),
        "Characters of text": str(facts.characters),
        "Refused by the gate": str(facts.refused),
        "Items with placeholders": str(card.redacted_items),
        "Recall of redaction": recall_in_words(facts),
        "Least weight": str(facts.least),
        "Median weight": str(facts.median),
        "Greatest weight": str(facts.most),
    }


def counts(facts: ReleaseFacts) -> dict[str, Mapping[str, int]]:
    """The counted figures, by group."""
    card = facts.card
    return {
        "Language": card.languages,
        "Domain": facts.domains,
        "Tier": card.tiers,
        "Purpose": card.purposes,
        "Standing": card.standings,
        "Preview": card.previews,
        "Licence": facts.licences,
        "Size": facts.sizes,
        "Placeholder": card.placeholders,
    }


def figures(facts: ReleaseFacts) -> Figures:
    """Every figure that each of the four documents must state."""
    found = {(FIGURE, name): value for name, value in single_figures(facts).items()}
    for group, values in counts(facts).items():
        found |= {(group, value): str(number) for value, number in values.items()}
    return found


def figure_table(facts: ReleaseFacts) -> str:
    """The figures that stand alone as a Markdown table."""
    lines = ["| Figure | Value |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {plain(value)} |" for name, value in single_figures(facts).items()])


def count_table(facts: ReleaseFacts, group: str) -> str:
    """One group of counted figures as a Markdown table; a sentence where there is nothing to count."""
    values = counts(facts)[group]
    if not values:
        return f"{group}: nothing to count."
    return table(group, values, "Count" if group == "Placeholder" else "Items")


def readme_text(facts: ReleaseFacts) -> str:
    """README.md: the dataset card, and the figures that the card itself does not show."""
    others = [count_table(facts, group) for group in counts(facts) if group not in IN_THE_CARD]
    return "\n\n".join([card_text(facts.card).rstrip("\n"), "## Figures", figure_table(facts), *others]) + "\n"


def most_tokens(facts: ReleaseFacts) -> int | None:
    """An upper bound of the tokens of all listed items, by their size classes; None where a class has no bound."""
    if facts.sizes.keys() - SIZE_BOUNDS.keys():
        return None
    return sum(SIZE_BOUNDS[size] * number for size, number in facts.sizes.items())
