"""Removing more from a kept text: the text after is the one before with spans replaced; never less is gone."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consent.redaction import InvalidSpan, Span
from consent.redaction.labels import LABELS
from consent.redaction.replace import PLACEHOLDER
from consent.removing import Removal, found_more, marked_more, only_less, removal

PIECES = st.sampled_from(
    ["Anna", " ", "Müller", ", ", "<PERSON_1>", "<PERSON_2>", "<LOCATION_7>", "<", "_1>", "\n", "日本", "x"]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=14).map("".join)


@st.composite
def texts_with_spans(draw: st.DrawFn) -> tuple[str, list[Span]]:
    """A text with placeholders in it, and spans anywhere: overlapping, cutting placeholders, touching."""
    text = draw(TEXTS)
    places = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(places, places), max_size=5))
    label = st.sampled_from(sorted(LABELS))
    return text, [Span(min(p), max(p), draw(label), 0.9, "a") for p in pairs if p[0] != p[1]]


def outside(text: str, spans: tuple[Span, ...]) -> list[str]:
    """What stands between the spans."""
    ends = [0, *(s.end for s in spans)]
    starts = [*(s.start for s in spans), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]


def fits(text: str, found: Removal) -> None:
    """The property, said with slices only: what is between the spans stays, and each span is one placeholder."""
    rest = found.after
    pieces = outside(text, found.spans)
    for piece, span in zip(pieces[:-1], found.spans, strict=True):
        assert rest.startswith(piece)
        rest = rest[len(piece) :]
        match = PLACEHOLDER.match(rest)
        assert match is not None
        assert match[1] == span.label
        rest = rest[match.end() :]
    assert rest == pieces[-1]


@given(texts_with_spans())
def test_what_a_redactor_finds(case: tuple[str, list[Span]]) -> None:
    """Outside the spans nothing changes; placeholders stay, each with its number; no span holds one."""
    text, spans = case
    found = found_more(text, spans)
    if found is None:
        assert not any(_letters_outside_placeholders(text, span) for span in spans)
        return
    fits(text, found)
    old, new = PLACEHOLDER.findall(text), PLACEHOLDER.findall(found.after)
    assert [one for one in new if one in old] == old
    covered = {place for span in found.spans for place in range(span.start, span.end)}
    wanted = {place for span in spans for place in range(span.start, span.end) if text[place].isalnum()}
    kept = {place for m in PLACEHOLDER.finditer(text) for place in range(*m.span())}
    assert wanted - kept <= covered, "never less than what was found"


def _letters_outside_placeholders(text: str, span: Span) -> bool:
    kept = {place for m in PLACEHOLDER.finditer(text) for place in range(*m.span())}
    return any(text[place].isalnum() for place in range(span.start, span.end) if place not in kept)


@given(texts_with_spans())
def test_what_a_person_marks(case: tuple[str, list[Span]]) -> None:
    """All of it goes, or it is refused; nothing in between."""
    text, spans = case
    try:
        found = marked_more(text, spans)
    except InvalidSpan:
        return
    fits(text, found)
    covered = {place for span in found.spans for place in range(span.start, span.end)}
    assert covered == {place for span in spans for place in range(span.start, span.end)}


@given(texts_with_spans(), st.data())
def test_a_text_that_was_changed_otherwise_is_noticed(case: tuple[str, list[Span]], data: st.DataObject) -> None:
    """One more, one fewer or another character outside the placeholders: not only less."""
    text, spans = case
    found = found_more(text, spans)
    assume(found is not None)
    assert found is not None
    assert only_less(text, found.after, found.spans)
    assert not only_less(text, text, found.spans), "nothing removed is not what was asked"
    assert not only_less(text, found.after, found.spans[1:]), "more removed than was said"
    place = data.draw(st.integers(0, len(found.after)))
    for other in (found.after[:place] + "Q" + found.after[place:], found.after[:place] + found.after[place + 1 :]):
        if other != found.after and PLACEHOLDER.sub("P", other) != PLACEHOLDER.sub("P", found.after):
            assert not only_less(text, other, found.spans)


def test_numbers_go_on() -> None:
    """The same new name twice has one number, which no placeholder before it had."""
    text = "<PERSON_1> saw Maud, and Maud saw <PERSON_3>."
    found = found_more(text, [Span(15, 19, "PERSON", 1.0, "a"), Span(25, 29, "PERSON", 1.0, "a")])
    assert found is not None
    assert found.after == "<PERSON_1> saw <PERSON_4>, and <PERSON_4> saw <PERSON_3>."


def test_a_found_span_is_cut_at_placeholders() -> None:
    """What stands beside one inside the span goes on its own."""
    found = found_more("Dr <PERSON_1> Quill left.", [Span(0, 19, "PERSON", 1.0, "a")])
    assert found is not None
    assert found.after == "<PERSON_2> <PERSON_1> <PERSON_3> left."
    assert found_more("<PERSON_1>.", [Span(0, 11, "PERSON", 1.0, "a")]) is None


@pytest.mark.parametrize(
    ("start", "end", "label", "words"),
    [
        (0, 5, "PERSON", "cuts a placeholder"), (4, 16, "PERSON", "cuts a placeholder"),
        (0, 10, "PERSON", "nothing but a placeholder"), (9, 9, "PERSON", "empty"), (11, 99, "PERSON", "outside"),
        (11, 16, "SECRET", "unknown label"), (-1, 3, "PERSON", "outside"),
    ],
)  # fmt: skip
def test_marks_that_are_refused(start: int, end: int, label: str, words: str) -> None:
    """By name, with the number of the span, and without a word of the text."""
    with pytest.raises(InvalidSpan, match=words) as caught:
        marked_more("<PERSON_1> Quill left.", [Span(start, end, label, 1.0, "person")])
    assert "Quill" not in str(caught.value)


def test_a_person_may_mark_over_a_whole_placeholder() -> None:
    """Two halves of one name become one placeholder."""
    found = marked_more("<PERSON_1> Quill left.", [Span(0, 16, "PERSON", 1.0, "person")])
    assert PLACEHOLDER.sub("P", found.after) == "P left."
    with pytest.raises(InvalidSpan, match="no span"):
        marked_more("Quill", [])


def test_a_removal_of_nothing_is_nothing() -> None:
    """Spans that do not fit are refused before anything is replaced."""
    with pytest.raises(InvalidSpan):
        removal("short", [Span(3, 30, "PERSON", 1.0, "a")])
