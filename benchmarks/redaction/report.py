"""The table of `make redaction`, as a page of the reference."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.redaction import scorer
from benchmarks.redaction.bootstrap import interval
from benchmarks.redaction.scorer import Counts, Score
from benchmarks.redaction.systems import READ
from consent.redaction.measured import aim, misses

if TYPE_CHECKING:
    from benchmarks.redaction.measure import Measured

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "redaction-figures.md"

_HEAD: Final = """# Redaction figures

Written by `make redaction`; never edited. How it is measured: [how to measure](../how-to/measure-redaction.md). What
it means: [redaction, honestly](../explanation/redaction-honestly.md).

Recall counts a planted span only if every character of it is covered. In brackets: 95 % intervals over templates.
*Held* texts wait for a person: they are not counted as recall, nor as leaked. A language that is not validated is held,
whatever its figures: those of a language with a recognizer set say what it would find if it could pass. F2 is of span
recall with character precision. *Over* is the share of characters redacted that should have stayed, *kept touched* the
share of marked traps (public figures, ISBN, prices, verses …) of which something was redacted.
"""
_COLUMNS: Final = (
    "| | texts | held | spans | recall | leaked | precision | F2 | over | kept touched |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def page(measured: Sequence["Measured"]) -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(part for one in measured for part in _set(one))]).rstrip() + "\n"


def _set(one: "Measured") -> Iterator[str]:
    templates = len({text.template for text in one.texts})
    made = one.packaged
    yield f"\n## Set {one.name}\n"
    yield (
        f"{len(one.texts):,} texts from {templates} templates, seed {one.seed}. Redactor `{made.redactor}`, "
        f"digest `{made.digest[:16]}`.\n"
    )
    yield _COLUMNS
    for language in sorted(one.validated):
        yield _row(f"**{language}**", one.ours, language)
        yield _row(f"{language}, stock Presidio", one.stock, language)
        yield _row(f"{language}, stock without dates and nationalities", one.stock_planted, language)
    for language in sorted(READ - one.validated):
        yield _row(f"{language}, held: as if it could pass", one.candidates, language)
        yield _row(f"{language}, stock Presidio read as English", one.stock, language)
    yield _row("texts that change language", one.ours, scorer.SWITCHED)
    yield ""
    yield from _held(one)
    for language in sorted(one.validated):
        yield from _parts(one, one.ours, language)
    for language in sorted(READ - one.validated):
        yield from _parts(one, one.candidates, language)
    yield from _limits(one)
    yield from _aims(one)


def _row(name: str, found: Score, language: str) -> str:
    counts = found.counts(language)
    recall = _with_interval(found.templates(language), scorer.recall)
    return (
        f"| {name} | {counts.texts:,} | {_percent(scorer.held(counts))} | {counts.planted:,} | {recall} "
        f"| {_percent(scorer.leaked(counts))} | {scorer.precision(counts):.2f} | {scorer.f2(counts):.2f} "
        f"| {_percent(scorer.over_redacted(counts))} | {_percent(scorer.touched(counts))} |"
    )


def _held(one: "Measured") -> Iterator[str]:
    """The languages without a validated set: what counts there is that nothing passes."""
    others = [code for code in one.ours.languages() if code not in one.validated]
    if others:
        shares = (f"{code} {_percent(scorer.held(one.ours.counts(code)))}" for code in others)
        yield "Not validated, so held for a person, not counted as recall (share held, language declared):"
        yield ", ".join(shares) + ".\n"


def _parts(one: "Measured", found: Score, language: str) -> Iterator[str]:
    """Per group, label and genre: ours with interval, stock beside it."""
    yield f"### {language} on set {one.name}, by group, label and genre\n"
    yield "| | spans | recall | leaked | stock recall | stock leaked |\n|---|---:|---:|---:|---:|---:|"
    for dimension in ("group", "label", "genre"):
        for value in found.values(language, dimension):
            ours, stock = found.counts(language, dimension, value), one.stock.counts(language, dimension, value)
            recall = _with_interval(found.templates(language, dimension, value), scorer.recall)
            yield (
                f"| {dimension} {value} | {ours.planted:,} | {recall} | {_percent(scorer.leaked(ours))} "
                f"| {scorer.recall(stock):.2f} | {_percent(scorer.leaked(stock))} |"
            )
    yield ""


def _limits(one: "Measured") -> Iterator[str]:
    found = one.limits
    yield f"### What must not pass unseen, set {one.name}\n"
    yield "| | of | count |\n|---|---:|---:|"
    yield f"| texts in languages that are not validated, passed silently, language not declared | {found.unsupported} | {found.undeclared} |"  # noqa: E501
    yield f"| the same, falsely declared English | {found.unsupported} | {found.misdeclared} |"
    yield f"| English texts held | {found.english} | {found.english_held} |"
    yield f"| texts that change language, held | {found.switched} | {found.switched_held} |"
    yield f"| the same, held or every planted span covered | {found.switched} | {found.switched_safe} |"
    yield f"| planted spans of those texts, covered or held | {found.switched_spans} | {found.switched_spans_safe} |"
    yield ""


def _aims(one: "Measured") -> Iterator[str]:
    """What is striven for and not reached; the gate of a release asks for the floors, not for these."""
    found = [
        f"- {code}: {miss}"
        for code in sorted(READ)
        if code in one.packaged.languages
        for miss in misses(one.packaged.languages[code], aim(code))
    ]
    yield f"### Aims not reached on set {one.name}\n"
    yield "\n".join(found) if found else "None: every aim of `consent/redaction/floors.yaml` is reached."
    yield ""


def _with_interval(templates: Sequence[Counts], figure: Callable[[Counts], float]) -> str:
    total = Counts()
    for one in templates:
        total.add(one)
    if not total.planted:
        return "–"
    low, high = interval(templates, figure)
    return f"{figure(total):.2f} [{low:.2f}, {high:.2f}]"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
