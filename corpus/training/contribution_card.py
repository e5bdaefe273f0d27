"""What was used where, for the person who gave a text: a page without the text."""

from collections.abc import Mapping, Sequence
from typing import Final

from corpus.markdown import plain

_KINDS: Final = {
    "dataset-version": "in a dataset version",
    "export": "in an export",
    "adapter": "trained on, in an adapter",
    "evaluation": "held out, to measure an adapter",
    "sent": "sent to another node, to be worked on in a job",
    "term-given": "trained on here, for a term that another node combines",
    "score-given": "read here, for a score that another node asked for",
}
_LIMITS: Final = """Served adapters are retrained without a withdrawn text; copies already downloaded, and models that
others trained, cannot be recalled. Training-only is not impossible to infer."""


def _at(use: Mapping[str, str]) -> str:
    """The node of a job, where one did it or asked for it."""
    return f", `{plain(use['node'])}`" if use.get("node") else ""


def contribution_card(
    contribution: str, state: str, gate: Mapping[str, str], uses: Sequence[Mapping[str, str]]
) -> str:  # fmt: skip
    """Markdown. ``gate``: by purpose `yes`, or why not. ``uses``: kind, id, at, on_withdrawal of each, perhaps node."""
    lines = [
        "# What became of one text",
        "",
        f"`{contribution}` is {plain(state)} now.",
        "",
        "## What it may be used for now",
        "",
        "| purpose | |",
        "|---|---|",
        *(f"| {purpose} | {plain(word)} |" for purpose, word in gate.items()),
        "",
        "## What it was used in",
        "",
    ]
    if uses:
        lines += ["| use | which | when | what a withdrawal does |", "|---|---|---|---|"]
        lines += [
            f"| {_KINDS.get(use['kind'], use['kind'])} | `{plain(use['id'])}`{_at(use)} | {use['at']} "
            f"| {use['on_withdrawal']} |"
            for use in uses
        ]
    else:
        lines.append("In nothing that this home knows of.")
    return "\n".join([*lines, "", "## What cannot be undone", "", _LIMITS]) + "\n"
