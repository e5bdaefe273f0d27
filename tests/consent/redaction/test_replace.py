"""Placeholders: consistent, typed, and nothing outside the spans changes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.redaction import InvalidSpan, Span, placeholders, spans_cover
from consent.redaction.labels import LABELS
from consent.redaction.replace import PLACEHOLDER, merge


def span(start: int, end: int, label: str = "PERSON", score: float = 1.0) -> Span:
    return Span(start, end, label, score, "test")


@st.composite
def texts_with_spans(draw):
    text = draw(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="<>"), min_size=1, max_size=80))
    spans = []
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        spans.append(span(start, end, draw(st.sampled_from(sorted(LABELS)))))
    return text, spans


def test_one_value_one_number():
    text = "Anna met Ben. ANNA laughed. Anna's coat."
    spans = [span(0, 4), span(9, 12), span(14, 18), span(28, 34)]
    assert placeholders(text, spans) == "<PERSON_1> met <PERSON_2>. <PERSON_1> laughed. <PERSON_1> coat."


def test_numbers_are_per_label():
    assert placeholders("Paris Paris", [span(0, 5), span(6, 11, "LOCATION")]) == "<PERSON_1> <LOCATION_1>"


def test_overlapping_spans_become_their_union_under_the_longest_label():
    merged = merge([span(0, 4, score=1.0), span(2, 9, "LOCATION", 0.5), span(9, 11)])
    assert [(s.start, s.end, s.label, s.score) for s in merged] == [
        (0, 9, "LOCATION", 0.5),
        (9, 11, "PERSON", 1.0),
    ]


def test_new_numbers_count_on_from_those_already_there():
    assert placeholders("<PERSON_3> met Ben", [span(15, 18)]) == "<PERSON_3> met <PERSON_4>"
    assert placeholders("<PERSON_3> met Ben", [span(0, 10), span(15, 18)]) == "<PERSON_1> met <PERSON_2>"


def test_fine_labels_are_folded():
    assert placeholders("x 1 Mill Lane", [span(2, 13, "STREET_ADDRESS")]) == "x <LOCATION_1>"


@pytest.mark.parametrize("bad", [span(-1, 2), span(0, 9), span(2, 2), span(3, 1), span(0, 1, "SECRET")])
def test_a_span_that_does_not_fit_is_refused_by_index(bad):
    with pytest.raises(InvalidSpan, match=r"^span 1: [a-z ]+$"):
        placeholders("Anna", [span(0, 4), bad])
    assert not spans_cover("Anna", "<PERSON_1>", [bad])


@given(texts_with_spans())
def test_only_the_spans_change(case):
    text, spans = case
    after = placeholders(text, spans)
    merged = merge(spans)
    kept, position = [], 0
    for s in merged:
        kept.append(text[position : s.start])
        position = s.end
    kept.append(text[position:])
    assert PLACEHOLDER.sub("\0", after).split("\0") == kept or "\0" in text
    assert [m.group(1) for m in PLACEHOLDER.finditer(after)] == [s.label for s in merged]
    assert spans_cover(text, after, reversed(spans))


@given(texts_with_spans())
def test_numbering_is_dense_and_repeats(case):
    text, spans = case
    after = placeholders(text, spans)
    for label in LABELS:
        numbers = [int(n) for n in re.findall(rf"<{label}_(\d+)>", after)]
        assert list(dict.fromkeys(numbers)) == list(range(1, len(set(numbers)) + 1))
    assert placeholders(after, []) == after
    assert placeholders(text, spans) == after
