"""`make redaction`: measure the redactor on both sets, write the figures down, fail below a floor.

Writes `consent/redaction/measured.json` (what `lecs redaction languages`, the cards and the gate of a release read)
and `docs/reference/redaction-figures.md`. The second set is read here and nowhere else.
"""

import argparse
import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.redaction import scorer
from benchmarks.redaction.bootstrap import interval
from benchmarks.redaction.labelled import Labelled
from benchmarks.redaction.limits import Limits, limits
from benchmarks.redaction.report import PAGE, page
from benchmarks.redaction.scorer import Score, score
from benchmarks.redaction.systems import NOT_PLANTED, READ, installed, ours, stock_answers, stock_results
from consent.redaction import VALIDATED
from consent.redaction.measured import (
    MEASURED,
    SETS,
    Figures,
    Measurement,
    aim,
    floor,
    installed_digest,
    misses,
    reaching,
)
from consent.redaction.version import VERSION

SEED = 20261122
COUNTS = {"first": 1_296, "second": 600}


@dataclass(frozen=True)
class Measured:
    """One set, what the redactors made of it, and the figures of ours as they are packaged.

    ``validated`` are the languages that could pass. ``candidates`` holds the others that have a recognizer set, read
    as if they could.
    """

    name: str
    seed: int
    texts: Sequence[Labelled]
    validated: frozenset[str]
    ours: Score
    candidates: Score
    stock: Score
    stock_planted: Score
    limits: Limits
    packaged: Measurement


def texts_of(name: str, seed: int, count: int) -> list[Labelled]:
    """The texts of a set.

    Raises:
        ModuleNotFoundError: there is no such set here.
    """
    make: Callable[[int, int], Iterator[Labelled]] = importlib.import_module(f"benchmarks.redaction.{name}").texts
    return list(make(seed, count))


def measure(name: str, seed: int, count: int, validated: frozenset[str] = VALIDATED) -> Measured:
    """Both redactors on one set, with the languages ``validated`` passing."""
    texts, redactor = texts_of(name, seed, count), installed(validated)
    found, candidates = score(texts, ours(redactor)(texts)), as_if_passing(texts, READ - validated)
    results = stock_results(texts)
    stock = score(texts, stock_answers(results, without=frozenset()))
    planted = score(texts, stock_answers(results, without=NOT_PLANTED))
    packaged = _packaged(
        name,
        seed,
        {code: figures(candidates if code in READ - validated else found, code) for code in found.languages()},
    )
    allowed = limits(texts, redactor, validated)
    return Measured(name, seed, texts, validated, found, candidates, stock, planted, allowed, packaged)


def _packaged(name: str, seed: int, languages: Mapping[str, Figures]) -> Measurement:
    return Measurement(VERSION, installed_digest(), name, seed, languages)


def as_if_passing(texts: Sequence[Labelled], languages: frozenset[str]) -> Score:
    """The score in ``languages``, as if every language with a recognizer set could pass."""
    chosen = [text for text in texts if text.language in languages and not text.switched]
    return score(chosen, ours(installed(READ))(chosen))


def fit_to_pass(names: Sequence[str], seed: int, counts: Mapping[str, int]) -> frozenset[str]:
    """The languages that hold their floors on every one of the sets, if each with a recognizer set may try."""
    found = []
    for name in names:
        tried = as_if_passing(texts_of(name, seed, counts[name]), READ)
        found.append(_packaged(name, seed, {code: figures(tried, code) for code in tried.languages()}))
        for code in sorted(READ & found[-1].languages.keys()):
            short = misses(found[-1].languages[code], floor(code) or aim(code))
            print(f"set {name}, {code}: {'; '.join(short) or 'reaches what it has to'}", file=sys.stderr, flush=True)
    return reaching(found)


def figures(found: Score, language: str) -> Figures:
    """The packaged figures of one language."""
    counts, templates = found.counts(language), found.templates(language)
    low, high = interval(templates, scorer.recall)
    groups = {group: found.counts(language, "group", group) for group in found.values(language, "group")}
    return Figures(
        recall=round(scorer.recall(counts), 4),
        low=round(low, 4),
        high=round(high, 4),
        leaked=round(scorer.leaked(counts), 4),
        precision=round(scorer.precision(counts), 4),
        f2=round(scorer.f2(counts), 4),
        held=round(scorer.held(counts), 4),
        spans=counts.planted,
        texts=counts.texts,
        templates=len(templates),
        groups={group: round(scorer.recall(one), 4) for group, one in groups.items() if one.planted},
    )


def below_floor(measured: Sequence[Measured]) -> list[str]:
    """What keeps a release from going out, in words."""
    problems = []
    for one in measured:
        for code in sorted(one.validated):
            wanted, found = floor(code), one.packaged.languages.get(code)
            if wanted is None:
                problems.append(f"{code}: validated, and no floor is recorded")
            elif found is None:
                problems.append(f"set {one.name}, {code}: validated, and no text of it in the set")
            else:
                problems += [f"set {one.name}, {code}: {miss}" for miss in misses(found, wanted)]
    return problems


def write(measured: Sequence[Measured]) -> None:
    """Put the figures of this redactor into the packaged file; those of other versions stay."""
    old: list[dict[str, Any]] = json.loads(MEASURED.read_text("utf-8"))["measurements"] if MEASURED.exists() else []
    fresh = {(one.packaged.redactor, one.name) for one in measured}
    stale = {one.packaged.redactor for one in measured}
    digest = measured[0].packaged.digest
    kept = [e for e in old if (e["redactor"], e["set"]) not in fresh]
    kept = [e for e in kept if e["redactor"] not in stale or e["digest"] == digest]
    entries = sorted([*kept, *(asdict(one.packaged) for one in measured)], key=lambda e: (e["redactor"], e["set"]))
    MEASURED.write_text(json.dumps({"measurements": entries}, indent=1, sort_keys=True) + "\n", "utf-8")
    PAGE.write_text(page(measured), "utf-8")


def _there(name: str) -> bool:
    """Whether a set came with this copy; says so on standard error if not."""
    if importlib.util.find_spec(f"benchmarks.redaction.{name}"):
        return True
    print(f"There is no set {name} here; it was not measured.", file=sys.stderr)
    return False


def main() -> int:
    """Measure, write, print; 1 below a floor."""
    parser = argparse.ArgumentParser(description="Measure the redactor.")
    parser.add_argument("--set", choices=SETS, action="append", help="only this set (both)")
    parser.add_argument("--count", type=int, help="texts per set")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    options = parser.parse_args()
    counts = {name: options.count or COUNTS[name] for name in options.set or reversed(SETS)}
    names = [name for name in counts if _there(name)]
    # Part of the sets, or of their texts, decides nothing.
    whole = set(names) == set(SETS) and not options.count
    validated = fit_to_pass(names, SEED, counts) if whole else VALIDATED
    print(f"measured with these languages passing: {', '.join(sorted(validated))}", file=sys.stderr, flush=True)
    measured = [measure(name, SEED, counts[name], validated) for name in names]
    print(page(measured))
    if not options.dry:
        write(measured)
    problems = below_floor(measured)
    for problem in problems:
        print(f"below the floor: {problem}", file=sys.stderr)
    return 1 if problems or not measured else 0


if __name__ == "__main__":
    sys.exit(main())
