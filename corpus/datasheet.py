"""datasheet.md of an export, after Gebru et al., "Datasheets for Datasets" (CACM 64(12), 2021).

Its seven sections in their order. What the records do not say is said to be unknown, never guessed.
"""

from corpus.export import WITHDRAWN_FILE
from corpus.markdown import plain
from corpus.release import ReleaseFacts, count_table, figure_table, recall_in_words

SECTIONS = (
    "Motivation",
    "Composition",
    "Collection process",
    "Preprocessing, cleaning, labelling",
    "Uses",
    "Distribution",
    "Maintenance",
)


def datasheet_text(facts: ReleaseFacts) -> str:
    """The whole datasheet.md, ending with a newline."""
    bodies = (
        _motivation(facts), _composition(facts), _collection(facts), _preprocessing(facts), _uses(facts),
        _distribution(facts), _maintenance(facts),
    )  # fmt: skip
    parts = [f"# Datasheet of {plain(facts.card.name)}"]
    for title, body in zip(SECTIONS, bodies, strict=True):
        parts.append(f"## {title}\n\n{body}")
    return "\n\n".join(parts) + "\n"


def _motivation(facts: ReleaseFacts) -> str:
    card = facts.card
    return f"""**For what purpose was the dataset created?** To train and evaluate language models on texts whose
contributors agreed to exactly that, and can change their mind.

**Who created it, and on whose behalf?** {plain(card.commons)}. Who answers for it: {plain(card.controller)},
{plain(card.contact)}; jurisdiction {plain(facts.jurisdiction)}.

**Who funded it?** Not recorded."""


def _composition(facts: ReleaseFacts) -> str:
    groups = ("Language", "Domain", "Size", "Tier", "Purpose", "Licence")
    tables = "\n\n".join(count_table(facts, group) for group in groups)
    return f"""**What do the instances represent?** Texts, one per item, each with its own consent.

**How many are there, and of what kind?**

{figure_table(facts)}

{tables}

**Is it a sample?** It is everything that the gate admitted and that no kept text of its cohort repeats. It
represents those who chose to give, and nobody else.

**Is any information missing?** Texts that may not be published are commitments without text.

**Are there recommended splits?** None. Held-out choice follows from the recipe's seed.

**Does it hold confidential or sensitive matter?** Contributors declared sensitive matter, minors and students;
the policy of the commons decides on those. Names and places that the redactor missed may remain.

**Can individuals be identified?** Some may be. Redaction lowers the chance; it does not rule it out."""


def _collection(facts: ReleaseFacts) -> str:
    times = f"{facts.first_given} to {facts.last_given}" if facts.first_given else "no item is listed"
    bases = ", ".join(plain(basis) for basis in facts.legal_bases) or "no record here"
    return f"""**How was the data acquired?** Contributors gave it through forms or archives. No crawler was used.

**Over what time?** Consents: {times}.

**Were the individuals notified, and did they consent?** Each item stands on a consent record that names the
notice. *Standing* says who signed; *preview* says who saw the redacted text before. Legal basis in the records:
{bases}.

{count_table(facts, "Standing")}

{count_table(facts, "Preview")}

**Can they revoke it?** With a withdrawal code or their key, at any time, without a reason. The next version goes
without the text.

**Was there an ethical review, or an analysis of impact?** Not recorded."""


def _preprocessing(facts: ReleaseFacts) -> str:
    steps = ", ".join(f"{plain(name)} {plain(facts.steps[name])}" for name in sorted(facts.steps))
    return f"""**What was done to the texts?** Redaction by {plain(facts.card.redactor)}, before signing. Recall of
redaction: {plain(recall_in_words(facts))}. Placeholders in the texts that are shown:

{count_table(facts, "Placeholder")}

Near-duplicates are dropped within each cohort. Steps: {steps}.

**Was the raw data kept?** No: only the redacted text is kept.

**Who labelled it?** Language, domain and quality are what contributors declared."""


def _uses(facts: ReleaseFacts) -> str:
    return """**What may it be used for?** For each item what its column `purposes` names, and nothing else.

**What should users know?** Weights say how often an item is used relative to its cohort's mean of 1,000,000.
Training-only does not make it impossible to infer a text from a model.

**What should it not be used for?** Recognising or profiling contributors, or whoever a text speaks of."""


def _distribution(facts: ReleaseFacts) -> str:
    return f"""**How is it distributed?** As files with their SHA-256 in `SHA256SUMS`, and a statement over that list
signed by a node of the commons. Version `{facts.card.version}`, published {facts.published_at}.

**Under what licence?** Each item names its own in the column `licence`; see the table above.

**Do others hold rights, or do export controls apply?** Not recorded beyond each item's licence."""


def _maintenance(facts: ReleaseFacts) -> str:
    return f"""**Who maintains it, and how can they be reached?** {plain(facts.card.controller)},
{plain(facts.card.contact)}.

**Will it be updated?** Versions are immutable. A changed consent leads to a new version.

**What of withdrawn items?** `{WITHDRAWN_FILE}` lists their commitments; remove those rows from older copies.
Served adapters are retrained without a withdrawn text; copies already downloaded, and models that others trained,
cannot be recalled.

**Can others contribute?** Through a node of the commons, with consent."""
