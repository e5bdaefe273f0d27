"""What everybody knows may stay, unless the text makes it somebody of its own."""

import pytest

from consent.redaction import Passage, Span
from consent.redaction.public import full_figures, large_places, lone_figures
from consent.redaction.public.stay import let_stay


def _stays(text: str, *found: tuple[str, str, str]) -> list[str]:
    """What is left to redact, where each value was found at its first place by a recognizer under a label."""
    spans = [Span(text.index(v), text.index(v) + len(v), label, 0.9, by) for v, label, by in found]
    return [text[s.start : s.end] for s in let_stay(text, spans)]


GUESS = "SpacyRecognizer"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Then we read Virginia Woolf aloud.", "Virginia Woolf"),
        ("then we read virginia woolf aloud.", "virginia woolf"),
        ("Hier soir, un vers d'Arthur Rimbaud.", "d'Arthur Rimbaud"),
        ("A line of Shakespeare hung on the wall.", "Shakespeare"),
        ("Leímos a Simon Bolivar en clase.", "Simon Bolivar"),
        ("A play by King Henry VIII himself.", "King Henry VIII"),
    ],
)
def test_a_figure_stays(text, value):
    assert _stays(text, (value, "PERSON", GUESS)) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("We met my dear Isaac Newton there.", "Isaac Newton"),
        ("We met Isaac Newton, our plumber.", "Isaac Newton"),
        ("We met Isaac Newton Okafor there.", "Isaac Newton Okafor"),
        ("We met Isaac Newton-Okafor there.", "Isaac Newton-Okafor"),
        ("Then Frida came in.", "Frida"),
        ("Then Watt came in.", "Watt"),
    ],
)
def test_who_is_somebody_else_goes(text, value):
    assert _stays(text, (value, "PERSON", GUESS)) == [value]


def test_what_a_cue_found_goes_and_so_does_every_other_mention():
    text = "Uncle Isaac Newton came. Later Newton left, and Isaac Newton's dog too."
    cue = ("Isaac Newton", "PERSON", "kin")
    assert _stays(text, cue, ("Newton left"[:6], "PERSON", GUESS)) == ["Isaac Newton", "Newton"]


def test_a_surname_stays_beside_its_full_name_and_goes_beside_a_stranger():
    figure, stranger = "We read of Rosa Parks. Bravely Parks stayed.", "Anna Parks read of Rosa Parks. Parks stayed."
    at = figure.rindex("Parks")
    assert let_stay(figure, [Span(at, at + 5, "PERSON", 0.9, GUESS)]) == []
    at = stranger.rindex("Parks")
    spans = [Span(0, 10, "PERSON", 0.9, GUESS), Span(at, at + 5, "PERSON", 0.9, GUESS)]
    assert let_stay(stranger, spans) == spans


@pytest.mark.parametrize(
    ("text", "value", "left"),
    [
        ("She sailed to New Zealand once.", "New Zealand", False),
        ("She sailed to Millbrook once.", "Millbrook", True),
        ("Write to 10115 Berlin, please.", "Berlin", True),
        ("Write to Paris 75002, please.", "Paris", True),
    ],
)
def test_a_large_place_stays_unless_it_belongs_to_an_address(text, value, left):
    assert _stays(text, (value, "LOCATION", GUESS)) == ([value] if left else [])


def test_a_place_that_a_cue_found_goes_everywhere():
    text = "Place of birth: Lagos. In summer Lagos was hot."
    cued = Span(16, 21, "LOCATION", 0.6, "place-cue")
    at = text.rindex("Lagos")
    guessed = Span(at, at + 5, "LOCATION", 0.9, GUESS)
    assert let_stay(text, [cued, guessed]) == [cued, guessed]


def test_identifiers_are_never_let_stay():
    text = "albert.einstein@example.org, Albert Einstein"
    spans = [Span(0, 27, "EMAIL_ADDRESS", 1.0, "email")]
    assert let_stay(text, spans) == spans


def test_the_lists_hold_no_given_names_alone():
    """Names that living people are called by are not taken for a figure when they stand alone."""
    assert not lone_figures() & {"frida", "rosa", "leonardo", "jesus", "moses", "homer", "diana", "simon", "dante"}
    assert sum(map(len, full_figures().values())) > 1_500
    assert ("new", "zealand") in large_places()


@pytest.mark.models
def test_the_redactor_lets_a_figure_stay_and_takes_the_uncle(redactor):
    lesson = "In class we read a poem by Emily Dickinson and then another."
    letter = "My uncle Isaac Newton came to tea. Afterwards Isaac Newton washed all the cups."
    taught, written = redactor.redact([Passage(lesson, "en"), Passage(letter, "en")])
    assert taught.text == lesson
    assert "Newton" not in written.text
