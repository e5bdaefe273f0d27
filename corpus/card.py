"""README.md of an export: a dataset card with YAML front matter that the `datasets` library reads.

The words are those the project can stand by: what was measured is stated with its figure, what was not
measured is said not to be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from corpus.decimals import written
from corpus.export import WITHDRAWN_FILE
from corpus.markdown import plain as _plain
from corpus.markdown import table as _table
from corpus.recipe import Recipe

TAGS: Final = ("consent", "community", "provenance", "p2p-lecs")
DATA_FILES: Final = "data/train-*.parquet"

_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


_LIMITS: Final = """## Limits

- Adapters that the community serves are retrained without a withdrawn text; copies already downloaded, and
  models that others trained, cannot be recalled.
- That a text was used for training only does not make it impossible to infer it from a model.
- Redaction lowers the chance that a person can be recognised; it does not rule it out.
- Language, domain and quality are what contributors declared."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Everything a card states. Counts go from a value ("public") to the number of items in the export.

    Attributes:
        name: of the dataset, for people.
        commons: name of the community that built it.
        controller: who answers for it, and ``contact`` how to reach them.
        version, root, recipe_digest, policy_digest: 64 hexadecimal digits each.
        items: all leaves of the version, the withdrawn ones included.
        withdrawn: how many of them are withdrawn by now.
        with_text: how many are shown with their text.
        licence_name, licence_link: of the collection; each item names its own.
        languages, tiers, purposes, standings, previews: counts.
        redactor: its name and version; ``redacted_items`` and ``placeholders`` (by label) what it did.
        recall: the measured recall in words ("0.92 on 1,400 labelled spans"), "" when not measured.
        recipe: the recipe that made the weights.
        decision: who decided on the recipe, in words; "" where stewards signed it.
    """

    name: str
    commons: str
    controller: str
    contact: str
    version: str
    root: str
    recipe_digest: str
    policy_digest: str
    items: int
    withdrawn: int
    with_text: int
    licence_name: str
    licence_link: str
    languages: Mapping[str, int]
    tiers: Mapping[str, int]
    purposes: Mapping[str, int]
    standings: Mapping[str, int]
    previews: Mapping[str, int]
    redactor: str
    redacted_items: int
    placeholders: Mapping[str, int]
    recall: str
    recipe: Recipe
    decision: str = ""


def card_text(facts: CardFacts) -> str:
    """The whole README.md: front matter and sections, ending with a newline."""
    head = yaml.safe_dump(front_matter(facts), sort_keys=False, allow_unicode=True, width=1000)
    sections = (
        _what(facts),
        _consent(facts),
        _redaction(facts),
        _weights(facts),
        _withdrawn(facts),
        _LIMITS,
        _verify(facts),
    )
    return f"---\n{head}---\n\n" + "\n\n".join(sections) + "\n"


def front_matter(facts: CardFacts) -> dict[str, Any]:
    """The metadata of the card as plain data."""
    shown = facts.items - facts.withdrawn
    return {
        "pretty_name": facts.name,
        "license": "other",
        "license_name": facts.licence_name,
        "license_link": facts.licence_link,
        "language": sorted(facts.languages),
        "size_categories": [next((name for bound, name in _SIZES if shown < bound), "n>10M")],
        "tags": list(TAGS),
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": DATA_FILES}]}],
    }


def _what(facts: CardFacts) -> str:
    shown = facts.items - facts.withdrawn
    return f"""# {_plain(facts.name)}

## What this is

Texts that people gave to {_plain(facts.commons)} with signed consent, as one immutable dataset version.
{shown:,} items are listed here; {facts.with_text:,} of them with their text, because their contributors
allowed it to be published. The others appear as commitments: a 64-digit `row` that proves membership and
says nothing of the text.

Who answers for it: {_plain(facts.controller)}, {_plain(facts.contact)}. Each item names its licence in the
column `licence`; the column `weight` says how often it is used relative to its cohort's mean of 1,000,000.

{_table("Language", facts.languages)}"""


def _consent(facts: CardFacts) -> str:
    return f"""## Consent

Every item stands on a consent record that a gate checked when this version was built. *Standing* says who
signed; *preview* says who saw the redacted text before it was signed.

{_table("Tier", facts.tiers)}

{_table("Purpose", facts.purposes)}

{_table("Standing", facts.standings)}

{_table("Preview", facts.previews)}"""


def _redaction(facts: CardFacts) -> str:
    redactor = _plain(facts.redactor)
    claim = (
        f"Redacted, with measured recall: {_plain(facts.recall)} ({redactor})."
        if facts.recall
        else f"Redacted by {redactor}; recall not yet measured."
    )
    labels = f"\n\n{_table('Placeholder', facts.placeholders, 'Count')}" if facts.placeholders else ""
    return f"""## Redaction

{claim}

Redaction comes before signing; only the redacted text is kept. Items changed: {facts.redacted_items:,}.
Names and places that the redactor missed may remain.{labels}"""


def _weights(facts: CardFacts) -> str:
    recipe = facts.recipe
    near = recipe.near_duplicates
    decided = f"\n\n{_plain(facts.decision)}" if facts.decision else ""
    return f"""## How the weights were made

Within each cohort, from the cohort's own items and the recipe `{facts.recipe_digest}` alone:

- Near-duplicates (Jaccard similarity of word {near.ngram}-grams from {written(near.threshold)}) are dropped
  only for a text that stays and allows the same uses. A near-duplicate may live once per cohort.
- A language with n texts gets a share proportional to n^(1/{written(recipe.temperature)}).
  Language floors: {_listed(recipe.language_floors)}.
- Domain weights: {_listed(recipe.domain_weights)}.
  Declared-quality weights: {_listed(recipe.quality_weights)}.
  What is not listed counts 1. Declared quality changes weight, never membership.
- No contributor has more than {written(recipe.contributor_cap)} of a cohort's weight, where the cohort has
  contributors enough for that; else all have equal shares.
- Items of the federated tier weigh 1,000,000 each; their texts stay on the machine where they were given.{decided}"""


def _withdrawn(facts: CardFacts) -> str:
    return f"""## Withdrawn items

Withdrawn since this version was built: {facts.withdrawn:,}. Their commitments are listed in
`{WITHDRAWN_FILE}`; their texts are not in this export. If you hold an older copy, remove those rows from
it."""


def _verify(facts: CardFacts) -> str:
    return f"""## How to verify

`manifest.json` names every file with its SHA-256. The columns row, cohort (-1 where null), tier, purposes
and weight of all shards, together with `{WITHDRAWN_FILE}`, are the {facts.items:,} leaves of an RFC 6962 tree
sorted by row; its root is `{facts.root}`. The SHA-256 of the canonical JSON (RFC 8785) of format, policy,
recipe, root and steps is this version's id:

    {facts.version}

Policy: `{facts.policy_digest}`. With the community's ledger at hand, `lecs dataset verify` also checks that
no member was publicly inadmissible. What was computed from texts that are not published (redaction,
duplicates, weights) is the word of the node that signed this version."""


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {written(values[name])}" for name in sorted(values)) or "none"
