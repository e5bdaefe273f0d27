"""The preview: what is shown is what is kept; more can be taken out, a mistake left in, a number never."""

from typing import Any

import pytest

from consent.desk.preview import MAY_MARK, MAY_STAY, Mark, Reading, kept_text, occurs, undo_key, values
from consent.redaction.labels import LABELS
from consent.redaction.types import Span

TEXT = "Rosa met Ana. Call 612 345 678, said rosa; Rosalía did not."


def _span(words: str, label: str) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words), label, 1.0, "test")


READING = Reading((_span("Rosa", "PERSON"), _span("612 345 678", "PHONE_NUMBER")), "", "redactor-1")


def test_marked_words_go_wherever_they_stand_as_whole_words() -> None:
    kept = kept_text(TEXT, READING, [Mark("Ana", "PERSON"), Mark("rosa", "PERSON")], set())
    assert kept == "<PERSON_1> met <PERSON_2>. Call <PHONE_NUMBER_1>, said <PERSON_1>; Rosalía did not."


def test_what_was_found_by_mistake_can_be_left_in_and_taken_out_again() -> None:
    key = undo_key("PERSON:rosa", READING, TEXT)
    assert key == ("PERSON", "rosa")
    assert kept_text(TEXT, READING, [], {key}).startswith("Rosa met")


@pytest.mark.parametrize("raw", ["PHONE_NUMBER:612 345 678", "PERSON:ana", "", ":", "EMAIL_ADDRESS:x"])
def test_a_number_cannot_be_left_in_and_nothing_else_can_be_named(raw: str) -> None:
    """A forged form changes nothing."""
    assert undo_key(raw, READING, TEXT) is None


def test_a_key_that_was_let_in_by_force_still_does_not_show_a_number() -> None:
    assert "612" not in kept_text(TEXT, READING, [], {("PHONE_NUMBER", "612 345 678")})


def test_the_word_of_the_person_says_what_it_is() -> None:
    """A place that the program took for a name becomes a place, and stands once in the list."""
    marks = [Mark("Rosa", "LOCATION")]
    assert kept_text(TEXT, READING, marks, set()).startswith("<LOCATION_1> met")
    assert [one.label for one in values(TEXT, READING, marks, set()) if one.words == "Rosa"] == ["LOCATION"]


def test_the_list_says_what_is_locked() -> None:
    found = {one.words: one.locked for one in values(TEXT, READING, [], set())}
    assert found == {"Rosa": False, "612 345 678": True}


def test_words_over_a_line_end_are_found() -> None:
    assert occurs("Ana\nMaria sings", Mark("ana maria", "PERSON"))
    assert not occurs("Anatol", Mark("Ana", "PERSON"))


def test_the_labels_are_of_the_closed_list() -> None:
    assert set(MAY_MARK) | set(MAY_STAY) <= LABELS


def test_words_that_are_not_there_are_said(person: Any) -> None:
    person.go(until="preview")
    assert person.send("/give/preview", action="mark", words="nadie", label="PERSON").status_code == 422
    assert person.send("/give/preview", action="mark", words="", label="PERSON").status_code == 422
    assert person.send("/give/preview", action="mark", words="Rosa", label="SECRET").status_code == 422
    assert person.send("/give/preview", action="keep").status_code == 422, "it has to be read"


def test_a_new_text_is_looked_at_anew(person: Any) -> None:
    """Marks belong to one text; what was confirmed of it does not count for another."""
    person.go(until="code")
    person.send("/give/text", text="Otra historia, con el correo otro@example.org dentro.")
    assert person.place == "/give/preview"
    assert "&lt;EMAIL_ADDRESS_1&gt; dentro" in person.page.text
    person.open("/give/answers")
    assert person.place == "/give/preview"


@pytest.mark.parametrize("text", ["", "   \n", "a\x00b", "x" * 1_000_001], ids=["none", "blank", "nul", "long"])
def test_texts_that_cannot_be_kept_are_said(person: Any, text: str) -> None:
    person.go(until="text")
    assert person.send("/give/text", text=text).status_code == 422
