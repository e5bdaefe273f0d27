"""ai-act-summary.md of an export: what a model provider needs of this dataset for its public summary.

Source: European Commission, "Template for the Public Summary of Training Content for general-purpose AI models
required by Article 53(1)(d) of Regulation (EU) 2024/1689", 24 July 2025; its three sections and their parts, in their
order. The duty is the model provider's, not the dataset's: what only the provider knows is left open, and said to be.
"""

from typing import Final

from corpus.export import WITHDRAWN_FILE
from corpus.markdown import plain
from corpus.release import ReleaseFacts, count_table, figure_table, most_tokens, recall_in_words

SECTIONS: Final = (
    "1. General information",
    "2. List of data sources",
    "3. Data processing aspects",
)
PARTS: Final = (
    "1.1 Provider identification",
    "1.2 Model identification",
    "1.3 Modalities, overall training data size and other characteristics",
    "2.1 Publicly available datasets",
    "2.2 Private non-publicly available datasets obtained from third parties",
    "2.3 Data crawled and scraped from online sources",
    "2.4 User data",
    "2.5 Synthetic data",
    "2.6 Other sources of data",
    "3.1 Respect of reservation of rights from text and data mining exception or limitation",
    "3.2 Removal of illegal content",
    "3.3 Other information",
)
OPEN: Final = "*To be completed by the provider of a model.*"
_BILLION: Final = 1_000_000_000


def training_summary_text(facts: ReleaseFacts) -> str:
    """The whole ai-act-summary.md, ending with a newline."""
    bodies = _general(facts) + _sources(facts) + _processing(facts)
    parts = [_head(facts)]
    for title, body in zip(PARTS, bodies, strict=True):
        section = next(name for name in SECTIONS if name[0] == title[0])
        if f"## {section}" not in parts:
            parts.append(f"## {section}")
        parts.append(f"### {title}\n\n{body}")
    return "\n\n".join(parts) + "\n"


def _head(facts: ReleaseFacts) -> str:
    return f"""# Public summary of training content: {plain(facts.card.name)}

What this dataset contributes to the summary that Article 53(1)(d) of Regulation (EU) 2024/1689 asks of providers of
general-purpose AI models, in the order of the Commission's template of July 2025. It speaks of this dataset alone: a
provider adds its other sources. It is no legal advice."""


def _general(facts: ReleaseFacts) -> tuple[str, ...]:
    card = facts.card
    return (
        f"Provider of the model: {OPEN}\n\nWho answers for this dataset: {plain(card.controller)}, "
        f"{plain(card.contact)} ({plain(card.commons)}).",
        f"{OPEN}\n\nThis dataset: version `{card.version}`.",
        f"""Modality: text. Size of the text: {_size(facts)}. Types of content: what contributors declared, below.

{figure_table(facts)}

{count_table(facts, "Domain")}

{count_table(facts, "Size")}

Latest date of collection: {facts.last_given or "no item is listed"}.

Linguistic characteristics:

{count_table(facts, "Language")}

Each item's weight says how often it is used relative to its cohort's mean of 1,000,000.""",
    )


def _size(facts: ReleaseFacts) -> str:
    """The template's classes are below 1 billion tokens, up to 10 trillion, and above."""
    most = most_tokens(facts)
    if most is not None and most < _BILLION:
        return "less than 1 billion tokens (a bound from size classes, since no token is shorter than a byte)"
    return "not bounded by the size classes of the items; to be measured with the model's tokenizer"


def _sources(facts: ReleaseFacts) -> tuple[str, ...]:
    given = "\n\n".join(count_table(facts, group) for group in ("Licence", "Tier", "Purpose", "Standing", "Preview"))
    return (
        "None in this dataset. A provider that obtained this dataset from the public lists it here.",
        "None in this dataset. A provider that obtained this dataset otherwise lists it here.",
        "None. No crawler was used.",
        "None that was collected from the use of a model or of a service.",
        "None that the records know of: contributors declare their rights in a text, not how it was written.",
        "Texts that contributors gave on purpose, each with a signed consent, a licence and purposes of their own "
        f"choice. No payment is recorded.\n\n{given}",
    )


def _processing(facts: ReleaseFacts) -> tuple[str, ...]:
    card = facts.card
    return (
        "No text was mined under the exception for text and data mining: each was given with consent for the "
        f"purposes in its column `purposes`. Rights can be taken back; `{WITHDRAWN_FILE}` lists what was.",
        "Moderators of the commons exclude or restrict items, each decision signed with its grounds. No automatic "
        "filter for illegal content was run.",
        f"Redaction by {plain(card.redactor)} before signing. Recall of redaction: "
        f"{plain(recall_in_words(facts))}. Near-duplicates are dropped within each cohort.\n\n"
        + count_table(facts, "Placeholder"),
    )
