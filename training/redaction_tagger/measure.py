"""``python -m training.redaction_tagger.measure [FOLDER]``: the tagger, spaCy's NER and both on held-out texts.

Recall by full cover: a labelled stretch counts when every letter and digit of it lies in spans found. Precision:
of the spans found, how many touch a labelled stretch. Labels are not told apart for cover (a surname redacted as
a place is redacted); ``person`` and ``place`` say what was labelled.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from consent.redaction.tagger.tagger import Tagger
from consent.redaction.types import Span
from training.redaction_tagger.source import LANGUAGES, ROOM

Finder = Callable[[Sequence[str]], list[list[Span]]]
_MARK = re.compile(r"\[([^\]]+)\]|<([^>]+)>")


@dataclass(frozen=True)
class Sample:
    """A text and its labelled stretches: start, end, label."""

    text: str
    labels: tuple[tuple[int, int, str], ...]


def read_dev(language: str, folder: str = "dev") -> list[Sample]:
    """The hand-made texts: ``[a person]``, ``<a place or address>``. Those of ``last`` decided nothing."""
    lines = (ROOM / folder / f"{language}.txt").read_text("utf-8").splitlines()
    return [_sample(line.replace("\\n", "\n")) for line in lines if line]


def _sample(marked: str) -> Sample:
    text, labels, at = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[at : match.start()]
        inner = match.group(1) or match.group(2)
        labels.append((len(text), len(text) + len(inner), "PERSON" if match.group(1) else "LOCATION"))
        text += inner
        at = match.end()
    return Sample(text + marked[at:], tuple(labels))


def read_archive(folder: Path, language: str) -> list[Sample]:
    """The rows of the example archive in one language, with the labels that a tagger can find."""
    rows = [json.loads(line) for line in (folder / "archive.jsonl").read_text("utf-8").splitlines()]
    labelled = [json.loads(line) for line in (folder / "labels.jsonl").read_text("utf-8").splitlines()]
    samples = []
    for about in labelled:
        row = rows[about["line"] - 1]
        if row.get("language") == language and isinstance(row.get("text"), str):
            spans = tuple((s["start"], s["end"], s["label"]) for s in about["spans"])
            samples.append(Sample(row["text"], spans))
    return samples


def score(samples: list[Sample], found: list[list[Span]]) -> dict[str, float]:
    """Recall by full cover of people and places, precision of spans, over all samples."""
    hits = {"PERSON": 0, "LOCATION": 0}
    totals = {"PERSON": 0, "LOCATION": 0}
    right = spans = 0
    for sample, ours in zip(samples, found, strict=True):
        covered = {i for s in ours for i in range(s.start, s.end)}
        planted = {i for start, end, _ in sample.labels for i in range(start, end)}
        for start, end, label in sample.labels:
            if label in totals:
                totals[label] += 1
                hits[label] += all(i in covered for i in range(start, end) if sample.text[i].isalnum())
        spans += len(ours)
        right += sum(1 for s in ours if any(i in planted for i in range(s.start, s.end)))
    return {
        "person": hits["PERSON"] / max(totals["PERSON"], 1),
        "place": hits["LOCATION"] / max(totals["LOCATION"], 1),
        "precision": right / max(spans, 1),
        "people": totals["PERSON"],
        "places": totals["LOCATION"],
    }


def spacy_finder() -> Finder:
    """The packaged English pipeline's people and places, as the redactor runs it."""
    from consent.redaction.nlp import NerOnlyEngine, packaged_model

    engine = NerOnlyEngine(packaged_model())

    def find(texts: Sequence[str]) -> list[list[Span]]:
        found = []
        for artifacts in engine.pipe(texts):
            found.append(
                [
                    Span(e.start_char, e.end_char, e.label_, 0.85, "spacy")
                    for e in artifacts.entities
                    if e.label_ in {"PERSON", "LOCATION"}
                ]
            )
        return found

    return find


def table(sets: dict[str, list[Sample]], finders: dict[str, Finder]) -> list[str]:
    """One line for each set and finder."""
    lines = ["set | finder | person | place | precision | people | places"]
    for name, samples in sets.items():
        for who, find in finders.items():
            s = score(samples, find([sample.text for sample in samples]))
            lines.append(
                f"{name} | {who} | {s['person']:.3f} | {s['place']:.3f} | {s['precision']:.3f}"
                f" | {s['people']} | {s['places']}"
            )
    return lines


def main() -> None:
    """Print the table."""
    tagger = Tagger(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    spacy = spacy_finder()
    finders: dict[str, Finder] = {
        "spacy": spacy,
        "tagger": tagger.find,
        "union": lambda texts: [[*a, *b] for a, b in zip(spacy(texts), tagger.find(texts), strict=True)],
    }
    sets = {f"dev-{language}": read_dev(language) for language in LANGUAGES}
    sets |= {f"last-{language}": read_dev(language, "last") for language in LANGUAGES}
    archive = Path("examples/archive")
    sets |= {f"archive-{language}": read_archive(archive, language) for language in LANGUAGES}
    print("\n".join(table(sets, finders)))


if __name__ == "__main__":
    main()
