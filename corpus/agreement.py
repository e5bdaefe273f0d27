"""Reads the four documents of a release back and compares the figures they state.

What is compared is what the files say, not what they were written from: a document that somebody edited, or that a
later program writes differently, does not agree.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from corpus.croissant import FIGURES
from corpus.errors import CorpusError
from corpus.markdown import plain, unescaped
from corpus.release import FIGURE, Figures

README: Final = "README.md"
DATASHEET: Final = "datasheet.md"
TRAINING_SUMMARY: Final = "ai-act-summary.md"
CROISSANT_FILE: Final = "croissant.json"
DOCUMENTS: Final = (README, DATASHEET, TRAINING_SUMMARY, CROISSANT_FILE)

_GROUPS: Final = frozenset(
    {FIGURE, "Language", "Domain", "Tier", "Purpose", "Standing", "Preview", "Licence", "Size", "Placeholder"}
)
_CELLS: Final = re.compile(r"(?<!\\)\|")
_NUMBER: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")
#: Sentences of the card that hold a figure; each is read wherever it stands.
_PROSE: Final = (
    (r"([\d,]+) items are listed\s+here", "Items listed"),
    (r"([\d,]+) of them with their\s+text", "Items with text"),
    (r"Withdrawn since this version was built: ([\d,]+)", "Withdrawn since"),
    (r"Items changed: ([\d,]+)", "Items with placeholders"),
    (r"are the ([\d,]+) leaves", "Items of the version"),
)


class DocumentsDisagree(CorpusError):
    """Two documents of a release state different figures, or one lacks a figure; the message names the first."""


def stated(documents: Mapping[str, str]) -> dict[str, Figures]:
    """The figures that each document states, by its name.

    Raises:
        DocumentsDisagree: one is missing or cannot be read, or says two things of one figure.
    """
    found = {}
    for name in DOCUMENTS:
        if name not in documents:
            raise DocumentsDisagree(f"{name} is missing: export again")
        try:
            pairs = list(_pairs(name, documents[name]))
        except (ValueError, LookupError, TypeError, RecursionError, yaml.YAMLError):
            raise DocumentsDisagree(f"{name} cannot be read: export again") from None
        found[name] = dict(pairs)
        for key, value in pairs:
            if found[name][key] != value:
                raise DocumentsDisagree(f"{name} says both {value} and {found[name][key]} of {_words(key)}")
    return found


def disagreements(documents: Mapping[str, str]) -> list[str]:
    """A sentence for each figure on which the four documents differ; none when they agree."""
    try:
        found = stated(documents)
    except DocumentsDisagree as error:
        return [str(error)]
    problems = []
    for key in sorted({key for figures in found.values() for key in figures}):
        values = {name: figures.get(key, "nothing") for name, figures in found.items()}
        if len(set(values.values())) > 1:
            said = ", ".join(f"{name} says {value}" for name, value in values.items())
            problems.append(f"{_words(key)}: {said}")
    if (FIGURE, "Items of the version") not in found[README]:
        problems.append(f"{README} states no figures: export again")
    return problems


def check_agreement(documents: Mapping[str, str]) -> None:
    """Raise unless the four documents agree.

    Raises:
        DocumentsDisagree: they do not; the message names the first figure and how many there are.
    """
    problems = disagreements(documents)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise DocumentsDisagree(f"the documents of the release do not agree: {problems[0]}{more}")


def _words(key: tuple[str, str]) -> str:
    return key[1] if key[0] == FIGURE else f"{key[0].lower()} {key[1] or '(empty)'}"


def _pairs(name: str, text: str) -> Iterator[tuple[tuple[str, str], str]]:
    if name == CROISSANT_FILE:
        yield from _croissant_pairs(json.loads(text))
        return
    yield from _table_pairs(text)
    if name == README:
        for pattern, figure in _PROSE:
            for match in re.finditer(pattern, text):
                yield (FIGURE, figure), match[1].replace(",", "")
        languages = sorted(value for (group, value), _ in _table_pairs(text) if group == "Language")
        if yaml.safe_load(text.split("---\n")[1])["language"] != languages:
            raise ValueError("front matter")


def _croissant_pairs(content: Any) -> Iterator[tuple[tuple[str, str], str]]:
    (records,) = (one["data"] for one in content["recordSet"] if one["@id"] == FIGURES)
    languages = []
    for record in records:
        group, name, value = (record[f"{FIGURES}/{column}"] for column in ("group", "name", "value"))
        languages += [name] if group == "Language" else []
        yield (group, unescaped(plain(name))), _number(unescaped(plain(value)))
    if content["inLanguage"] != sorted(languages):
        raise ValueError("inLanguage")
    yield (FIGURE, "Version"), content["identifier"]
    yield (FIGURE, "Published"), content["datePublished"]


def _table_pairs(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    """The rows of all two-column tables whose first heading is a group."""
    group = None
    for line in text.split("\n"):
        cells = [unescaped(cell) for cell in _CELLS.split(line)[1:-1]] if line.startswith("|") else []
        if len(cells) != 2:
            group = None
        elif group is None:
            group = cells[0] if cells[0] in _GROUPS else ""
        elif group and not set(cells[0]) | set(cells[1]) <= {"-", ":"}:
            yield (group, cells[0]), _number(cells[1])


def _number(value: str) -> str:
    """A number without the commas of thousands; anything else as it is."""
    return value.replace(",", "") if _NUMBER.fullmatch(value) else value
