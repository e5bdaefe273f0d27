"""What each group of recognizers buys: `python -m benchmarks.redaction.ablation [--count N]`.

Every group is left out once. If no recall of any label in any language with a recognizer set falls, the group is
carried for show, and the run fails. Writes `docs/reference/redaction-ablation.md`. Texts are read as if every
language with a recognizer set could pass, so that groups that serve other languages than English are seen.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.redaction import scorer
from benchmarks.redaction.first import texts
from benchmarks.redaction.labelled import Labelled
from benchmarks.redaction.measure import SEED
from benchmarks.redaction.scorer import Score, score
from benchmarks.redaction.systems import READ, installed, ours
from consent.redaction import Redactor
from consent.redaction.recognizers import GROUPS

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "redaction-ablation.md"
COUNT: Final = 432


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost without a group: recall of all spans, and the label and language that lose most."""

    group: str
    before: float
    after: float
    label: str
    language: str
    label_before: float
    label_after: float

    @property
    def shows(self) -> bool:
        """Whether some figure falls."""
        return self.label_after < self.label_before


def losses(chosen: Sequence[Labelled], groups: Sequence[str]) -> Iterator[Loss]:
    """The loss by each group, one after another."""
    whole = _scored(chosen, frozenset())
    for group in groups:
        yield loss(group, whole, _scored(chosen, frozenset({group})))


def loss(group: str, whole: Score, without: Score) -> Loss:
    """What falls most from ``whole`` to ``without``, among the labels of each language."""
    slices = [(language, label) for language in whole.languages() for label in whole.values(language, "label")]

    def recalls(language: str, label: str) -> tuple[float, float]:
        before, after = (one.counts(language, "label", label) for one in (whole, without))
        return scorer.recall(before), scorer.recall(after)

    language, label = max(slices, key=lambda one: recalls(*one)[0] - recalls(*one)[1])
    overall = scorer.recall(whole.counts()), scorer.recall(without.counts())
    return Loss(group, *overall, label, language, *recalls(language, label))


def _scored(chosen: Sequence[Labelled], without: frozenset[str]) -> Score:
    return score(chosen, ours(installed(READ, without))(chosen))


def page(found: Sequence[Loss], count: int) -> str:
    """The table as a page of the reference."""
    lines = [
        "# What each group of recognizers buys",
        "",
        f"Written by `python -m benchmarks.redaction.ablation`; never edited. {count:,} texts of set first in "
        f"{', '.join(sorted(READ))}, seed {SEED}, redactor `{Redactor.version}`; each group is left out once.",
        "",
        "| without | what it is | recall, all spans | falls most |",
        "|---|---|---:|---|",
    ]
    for one in found:
        fall = f"{one.label} in {one.language}: {one.label_before:.2f} to {one.label_after:.2f}"
        lines.append(
            f"| {one.group} | {GROUPS[one.group]} | {one.before:.3f} to {one.after:.3f} "
            f"| {fall if one.shows else '**nothing falls**'} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Leave out, print, write; 1 when a group is carried for show."""
    parser = argparse.ArgumentParser(description="What each group of recognizers buys.")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--group", action="append", choices=sorted(GROUPS), help="only this group; writes nothing")
    options = parser.parse_args()
    chosen = [one for one in texts(SEED, options.count) if one.language in READ and not one.switched]
    found = []
    for one in losses(chosen, options.group or sorted(GROUPS)):
        found.append(one)
        print(f"{one.group}: {one.before:.3f} to {one.after:.3f}; {one.label} in {one.language} "
              f"{one.label_before:.2f} to {one.label_after:.2f}", flush=True)  # fmt: skip
    if not options.group:
        PAGE.write_text(page(found, len(chosen)), "utf-8")
    for one in found:
        if not one.shows:
            print(f"carried for show: without {one.group} nothing falls", file=sys.stderr)
    return 0 if all(one.shows for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
