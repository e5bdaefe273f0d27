"""From probabilities to spans."""

import numpy as np
import pytest

from consent.redaction.tagger.decode import spans
from consent.redaction.tagger.features import tokenize
from consent.redaction.tagger.network import TAGS
from consent.redaction.types import Span


def certain(*tags: str) -> np.ndarray:
    """Probabilities of 0.9 for the given tags, the rest spread over the others."""
    rows = np.full((len(tags), len(TAGS)), 0.1 / (len(TAGS) - 1))
    for row, tag in zip(rows, tags, strict=True):
        row[TAGS.index(tag)] = 0.9
    return rows


def test_neighbouring_words_of_a_kind_are_one_span_until_one_begins() -> None:
    text = "Ana Ruiz Luis came"
    rows = certain("B-PERSON", "I-PERSON", "B-PERSON", "O")
    found = list(spans(tokenize(text), rows, 0.5, "t"))
    assert [(text[s.start : s.end], s.label) for s in found] == [("Ana Ruiz", "PERSON"), ("Luis", "PERSON")]
    assert found[0].score == pytest.approx(1 - 0.1 / 6, abs=1e-4)


def test_an_inside_without_a_beginning_is_a_span_too() -> None:
    assert list(spans(tokenize("x Ruiz"), certain("O", "I-PERSON"), 0.5, "t")) == [Span(2, 6, "PERSON", 0.9833, "t")]


def test_places_and_addresses_are_both_locations_and_do_not_join() -> None:
    text = "Ulm Am Ring 4"
    found = list(spans(tokenize(text), certain("B-PLACE", "B-ADDRESS", "I-ADDRESS", "I-ADDRESS"), 0.5, "t"))
    assert [(text[s.start : s.end], s.label) for s in found] == [("Ulm", "LOCATION"), ("Am Ring 4", "LOCATION")]


def test_a_span_ends_with_its_line() -> None:
    found = list(spans(tokenize("Ana\nRuiz"), certain("B-PERSON", "I-PERSON", "I-PERSON"), 0.5, "t"))
    assert [(s.start, s.end) for s in found] == [(0, 3), (4, 8)]


def test_a_word_is_outside_only_where_the_network_is_sure_enough() -> None:
    row = np.array([[0.6, 0.3, 0.02, 0.02, 0.02, 0.02, 0.02]])
    assert not list(spans(tokenize("Ana"), row, 0.5, "t"))
    assert [s.score for s in spans(tokenize("Ana"), row, 0.7, "t")] == [0.4]


def test_punctuation_is_no_end_of_a_name_and_no_name() -> None:
    text = '"Ana", -'
    rows = certain("B-PERSON", "I-PERSON", "I-PERSON", "I-PERSON", "B-PLACE")
    assert [text[s.start : s.end] for s in spans(tokenize(text), rows, 0.5, "t")] == ["Ana"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [("12/03/2021", 0), ("9,000,000", 0), ("978-3-16-148410-X", 0), ("AB12", 0), ("Ring 4", 1), ("Ana2", 1)],
)
def test_what_is_mostly_digits_names_nobody_and_no_place(text: str, kept: int) -> None:
    """Half digits is enough to be left out; a number at the end of a name or a street is not."""
    tokens = tokenize(text)
    for kind in ("PERSON", "PLACE", "ADDRESS"):
        tags = (f"B-{kind}", *[f"I-{kind}"] * (len(tokens) - 1))
        assert len(list(spans(tokens, certain(*tags), 0.5, "t"))) == kept
