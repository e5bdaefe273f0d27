"""README.md of an adapter: a model card as Hugging Face reads one, and the words that the project can stand by.

Pure: everything comes in as plain figures. No text of a contributor, and nothing that a model said, is in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from corpus.markdown import plain

TAGS: Final = ("lora", "peft", "consent", "p2p-lecs")
LIMITS: Final = """## Limits

- Served adapters are retrained without a withdrawn text; copies already downloaded, and models that others trained,
  cannot be recalled.
- That a text was used for training only does not make it impossible to infer it from a model.
- Single terms expose their texts more than the sum does, and the whole sum more than the release: terms and sum stay
  with the node that may read the texts.
- The adapter was evaluated on texts of this community alone. Nothing is known of its safety or of its facts."""


@dataclass(frozen=True, slots=True)
class ModelCardFacts:
    """Everything a model card states.

    Attributes:
        commons, controller, contact: who answers for it.
        base_name, base_sha256: the base model.
        version, digest, recipe_digest: 64 hexadecimal digits each.
        recipe: content of the training recipe. engine: the class of machines that give the same bytes.
        cohorts: of each its number, term, scale, texts, contributors, steps and state.
        excluded: rows that the adapter before stood on and this one does not.
        release: rank and lost share of the sum that is released.
        heldout: figures of an evaluation; None where none was made or no text is held out.
        canaries: name, model, rank, candidates, verbatim of each.
        federated: what a run says of holders' terms, with ``state``; None where there are none.
    """

    commons: str
    controller: str
    contact: str
    base_name: str
    base_sha256: str
    version: str
    digest: str
    recipe_digest: str
    recipe: Mapping[str, Any]
    engine: Mapping[str, Any]
    cohorts: Sequence[Mapping[str, Any]]
    excluded: Sequence[str]
    release: Mapping[str, Any]
    heldout: Mapping[str, Any] | None
    groups: Sequence[Mapping[str, Any]]
    left_out: int
    canaries: Sequence[Mapping[str, Any]]
    federated: Mapping[str, Any] | None = None


def model_card(facts: ModelCardFacts) -> str:
    """The card, YAML front matter first."""
    front = {
        "base_model": facts.base_name,
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "tags": list(TAGS),
    }
    parts = [
        f"---\n{yaml.safe_dump(front, sort_keys=True)}---",
        f"# An adapter of {plain(facts.commons)}",
        _about(facts),
        _cohorts(facts),
        _federated(facts),
        _excluded(facts),
        _evaluation(facts),
        _exposure(facts),
        LIMITS,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(facts: ModelCardFacts) -> str:
    recipe = facts.recipe
    engine = ", ".join(f"{name} {plain(str(value))}" for name, value in facts.engine.items())
    return f"""{plain(facts.controller)} ({plain(facts.contact)}) answers for it.

| | |
|---|---|
| base model | {plain(facts.base_name)}, SHA-256 `{facts.base_sha256}` |
| dataset version | `{facts.version}` |
| adapter | `{facts.digest}`: the digest of the list of cohort, term and scale |
| recipe | `{facts.recipe_digest}`: rank {recipe["rank"]}, alpha {recipe["alpha"]}, {", ".join(recipe["targets"])}, \
sequences of {recipe["length"]} tokens |
| engine class | {engine} |
| release | rank {facts.release["rank"]}; {facts.release["lost"]} of the squared norm of the sum was lost |"""


def _cohorts(facts: ModelCardFacts) -> str:
    lines = [
        "## Cohorts",
        "",
        "Each cohort's term was trained from the same start on its own texts only. What is served is the sum at the",
        "fixed scale. A change of mind takes a term out at once; the others stay what they are.",
        "",
        "| cohort | term | scale | texts | contributors | steps | now |",
        "|---:|---|---|---:|---:|---:|---|",
    ]
    for one in facts.cohorts:
        lines.append(
            f"| {one['cohort']} | `{one['digest'][:16]}` | {one['scale']} | {one['items']} | {one['contributors']} "
            f"| {one['steps']} | {one['state']} |"
        )
    return "\n".join(lines)


def _federated(facts: ModelCardFacts) -> str:
    one = facts.federated
    if one is None:
        return ""
    lines = [
        "## Federated texts",
        "",
        f"{len(one['slots'])} nodes trained on texts that stayed where they were given, of at least "
        f"{one['contributors']} contributors (people who gave texts on two of them count twice). Each term was held to "
        f"the norm {one['clip'] / 1000:g} and stands in the sum at the scale {one['scale']}; the sum has the rank "
        f"{one['rank']} and is {one['state']} now. Single terms were seen by the node that added them, and not kept.",
    ]
    return "\n".join(lines)


def _excluded(facts: ModelCardFacts) -> str:
    if not facts.excluded:
        return "## Excluded rows\n\nThe adapter before stood on no row that this one is without, or there was none."
    rows = "\n".join(f"- `{row}`" for row in facts.excluded)
    return f"## Excluded rows\n\nThe adapter before stood on these, and this one does not:\n\n{rows}"


def _evaluation(facts: ModelCardFacts) -> str:
    if facts.heldout is None:
        return "## Evaluation\n\nNot measured: no text was held out, or nobody has measured it yet."
    one = facts.heldout
    told = (
        f"Bits per byte on {one['texts']} held-out texts ({one['tokens']} tokens): base {one['base']}, adapter "
        f"{one['adapter']}, difference {one['delta']} [95 % {one['low']}, {one['high']}; paired, bootstrap over texts]."
    )
    if float(one["low"]) <= 0 <= float(one["high"]):
        told += " **The interval includes zero: these texts do not show that it learned anything.**"
    left = f"{facts.left_out} more were left out: a near-duplicate of each was trained on."
    lines = [
        "## Evaluation",
        "",
        told,
        left,
        "",
        "| group | texts | difference | from | to |",
        "|---|---:|---:|---:|---:|",
    ]
    for group in facts.groups:
        lines.append(
            f"| {plain(group['name'])} | {group['texts']} | {group['delta']} | {group['low']} | {group['high']} |"
        )
    return "\n".join(lines)


def _exposure(facts: ModelCardFacts) -> str:
    if not facts.canaries:
        return "## What it gives away\n\nNot measured: no canaries were planted in this version."
    lines = [
        "## What it gives away",
        "",
        "Canaries are planted secrets. Rank 1 of the candidates is memorised; at chance any rank is as likely.",
        "",
        "| canary | model | rank | of | said verbatim |",
        "|---|---|---:|---:|---|",
    ]
    for one in facts.canaries:
        said = "yes" if one["verbatim"] else "no"
        lines.append(f"| {plain(one['name'])} | {one['model']} | {one['rank']} | {one['candidates']} | {said} |")
    return "\n".join(lines)
