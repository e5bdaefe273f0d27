"""The figures as a page: benchmarks/results/audits.md."""

from typing import Final

from benchmarks.auditing.figures import SIZES, Figures, Records, calibrated, figures
from benchmarks.auditing.workers import TOKENS
from benchmarks.side_by_side import publish_lines
from compute_mesh.audit.tolerances import OTHER_CLASS, SAME_CLASS
from compute_mesh.audit.verdicts import CHANCE, places_needed

NOTES: Final = """
Answers of {tokens} tokens, greedy (those named sampled: temperature 0.8, top-k 40, top-p 0.95, seeded), read
again by an honest auditor with one thread, repacked kernels and flash attention. Misfit: how much less likely a
token is than the likeliest, in nats, each place clipped (sampled: distance of the draw from the token's part).
Drift: difference of log probabilities among the shared likeliest 8, in nats, clipped. AUC: of the mean misfit
of receipts of 256 tokens, against honest workers of both classes. Told: the least number of tokens at which 99
% of receipts are called inconsistent: by the tokens alone between engine classes; by the tokens alone within a
class; within a class by tokens and log probabilities. Receipts are put together by drawing from the fresh
prompts with replacement. The bounds are for a chance of {chance}; places until an answer can be called
consistent: {needed}. Other kernels: the plain kernels of the same build, without repacking and without flash
attention; another processor was not at hand. The adapter is random, of the effect of a LoRA of ten steps.
"""


def report(records: Records) -> None:
    """Print the tolerances that the calibration gives, and write the page with those of the program."""
    for name, other in (("SAME_CLASS", False), ("OTHER_CLASS", True)):
        print(name, *(f'\n    "{key}": {value},' for key, value in calibrated(records, other=other).items()))
    found = figures(records)
    needed = "; ".join(
        f"{place} {key} {places_needed(one):,}"
        for place, tolerances in (("within a class", SAME_CLASS), ("between classes", OTHER_CLASS))
        for key, one in tolerances.items()
        if key != "drift" and one.lie > one.mean
    )
    notes = " ".join(NOTES.format(tokens=TOKENS, chance=f"{CHANCE:g}", needed=needed).split())
    header = (
        "| worker | fresh prompts | tokens | misfit | likeliest taken | drift | AUC | told | in a class | by both |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    second = [
        "",
        "## Verdicts by size of the receipt",
        "",
        "Shares of receipts called inconsistent / inconclusive / consistent, by the tokens alone, with the tolerance "
        "between classes.",
        "",
        "| worker | " + " | ".join(f"{size} tokens" for size in SIZES) + " |",
        "|---|" + "---|" * len(SIZES),
        *map(_verdicts, found),
    ]
    publish_lines("audits", "python benchmarks/audits.py", header, [*map(_line, found), *second], notes)


def _line(one: Figures) -> str:
    told = [_size(one, size) for size in (one.told, one.told_same, one.told_both)]
    drift = "" if one.drift is None else f"{one.drift:.4f}"
    auc = "" if one.auc is None else f"{one.auc:.4f}"
    first = f"| {one.case.name} | {one.prompts} | {one.tokens:,} | {one.misfit:.5f} | {one.likeliest:.1%} "
    return first + f"| {drift} | {auc} | {' | '.join(told)} |"


def _size(one: Figures, size: int | None) -> str:
    return "" if one.case.honest else "over 2,048" if size is None else f"{size:,}"


def _verdicts(one: Figures) -> str:
    cells = [" / ".join(f"{share:.1%}" for share in one.shares[size]) for size in SIZES]
    return f"| {one.case.name} | " + " | ".join(cells) + " |"
