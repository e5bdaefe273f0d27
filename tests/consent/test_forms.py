"""Consent forms: the same keys as a row, nothing preselected, and every question can be answered."""

from typing import Any

import pytest
import yaml

from consent.forms import QUESTIONS, InvalidForm, ask_missing, empty_form, read_form
from consent.rows import Row, check_row, complete, missing_answers


def leaves(value: Any) -> list[Any]:
    """The answers in a nested form."""
    return [leaf for child in value.values() for leaf in leaves(child)] if isinstance(value, dict) else [value]


def test_nothing_is_preselected() -> None:
    """An empty form has keys, and no answer; read, it is empty."""
    loaded = yaml.safe_load(empty_form())
    assert set(leaves(loaded)) == {None}
    assert read_form(empty_form()) == {}


def test_every_key_that_a_row_needs_is_asked() -> None:
    """With every question answered, nothing is missing."""
    missing = missing_answers({})
    asked = {key for key, *_ in QUESTIONS} | {key.partition(".")[0] for key, *_ in QUESTIONS}
    assert set(missing) <= asked
    fields = {field.alias or name for name, field in Row.model_fields.items()}
    assert set(yaml.safe_load(empty_form())) <= fields


def test_dates_and_versions_stay_text() -> None:
    """YAML makes no dates of `2026-11-01`; a row would have text there."""
    assert read_form("expires: 2031-01-01\nnotice: 2026-11\n") == {"expires": "2031-01-01", "notice": "2026-11"}


def test_unanswered_parts_are_left_out() -> None:
    """A key without an answer counts as not there, and so does a part without any."""
    assert read_form("tier:\ndeclared:\n  adult:\n  minors: none\npeople:\n  method:\n") == {
        "declared": {"minors": "none"}
    }


@pytest.mark.parametrize(
    "text",
    [
        "[1",
        "- a",
        "a text",
        "colour: red",
        "text: a text",
        "people: {parties: 1.5}",
        "people: {1: 2}",
        "tier: 9007199254740993",
    ],
)
def test_what_is_no_form(text: str) -> None:
    """Refused with what is wrong, never with what was in it."""
    with pytest.raises(InvalidForm, match="form"):
        read_form(text)


ANSWERS = {
    "language": "fr",
    "domain": "letter",
    "tier": "public",
    "purposes": "train, evaluate",
    "licence": "CC0-1.0",
    "contributor.kind": "pseudonym",
    "contributor.name": "Aubépine",
    "rights.basis": "author",
    "people.conversation": "yes",
    "people.parties": "2",
    "people.method": "all-party-consent",
    "people.consents": "Octave, ",
    "declared.adult": "yes",
    "declared.minors": "none",
    "declared.students": "none",
    "declared.sensitive": "none",
    "notice": "2026-11",
}


@pytest.fixture
def at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Somebody who answers; returns the questions that were asked."""
    asked: list[str] = []
    by_question = {question: key for key, question, *_ in QUESTIONS}

    def prompt(shown: str, **_: Any) -> str:
        key = next(by_question[q] for q in by_question if shown.startswith(q))
        asked.append(key)
        return ANSWERS[key]

    monkeypatch.setattr("typer.prompt", prompt)
    return asked


def test_asking_for_all(at_the_terminal: list[str]) -> None:
    """Every question once; the answers make a row."""
    answers = ask_missing(missing_answers({}), {})
    assert sorted(at_the_terminal) == sorted(ANSWERS)
    row = check_row(complete({"text": "Une lettre."}, answers))
    assert isinstance(row, Row)
    assert row.co_parties[0].label == "Octave"
    assert row.declared.sensitive == []


def test_asking_only_for_what_is_missing(at_the_terminal: list[str]) -> None:
    """What form and row have is not asked again."""
    form = {"language": "fr", "domain": "letter", "tier": "public", "contributor": {"kind": "anonymous"}}
    row = {"people": {"conversation": False}, "rights": {"basis": "author"}}
    ask_missing(missing_answers({**form, **row}), form)
    assert sorted(at_the_terminal) == [
        "declared.adult", "declared.minors", "declared.sensitive", "declared.students", "licence", "notice", "purposes",
    ]  # fmt: skip
