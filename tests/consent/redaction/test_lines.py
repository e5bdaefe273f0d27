"""The lines of `lecs redact`: exactly the documented keys, and errors without text."""

import json

import pytest

from consent.redaction import MalformedLine, Passage, Redaction, Span, explain, output_line, parse_line, placeholders


def test_a_line_becomes_a_passage():
    assert parse_line('{"id": "a", "text": "hi", "language": "en"}') == ("a", Passage("hi", "en"))
    assert parse_line('{"id": "a", "text": "hi", "language": null}') == ("a", Passage("hi"))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "secret",
        "[]",
        '{"id": "secret"}',
        '{"text": "secret"}',
        '{"id": 1, "text": "secret"}',
        '{"id": "a", "text": ["secret"]}',
        '{"id": "a", "text": "secret", "language": 3}',
        '{"id": "a", "text": "secret", "secret": 3}',
        '{"id": "a", "id": "b", "text": "secret"}',
        '{"id": "a", "text": "secret\\ud800"}',
        "[" * 100_000,
    ],
)
def test_other_lines_are_refused_without_quoting_them(line):
    with pytest.raises(MalformedLine) as caught:
        parse_line(line)
    assert "secret" not in str(caught.value)
    assert str(caught.value)


def test_the_output_has_the_documented_shape():
    redaction = Redaction("redacted", "en", None, "<PERSON_1>", (Span(0, 4, "PERSON", 0.123456, "x"),))
    assert output_line("a", redaction) == {
        "id": "a",
        "language": "en",
        "action": "redacted",
        "held_reason": None,
        "text": "<PERSON_1>",
        "spans": [{"start": 0, "end": 4, "label": "PERSON", "score": 0.123, "recognizer": "x"}],
    }
    held = output_line("b", Redaction("held", "eu", "language-not-validated:eu", None, ()))
    assert list(json.loads(json.dumps(held))) == ["id", "language", "action", "held_reason", "text", "spans"]
    assert held["text"] is None


def test_each_span_with_its_placeholder() -> None:
    """Longer and shorter placeholders shift what follows; one value, one placeholder; a held text explains nothing."""
    text = "Anna Maria Delacroix-Lindqvist, al@x.example, Anna Maria Delacroix-Lindqvist"
    places = [(0, 30, "PERSON"), (32, 44, "EMAIL_ADDRESS"), (46, 76, "PERSON")]
    spans = tuple(Span(start, end, label, 0.8, "finder") for start, end, label in places)
    found = list(explain(Redaction("redacted", "en", None, placeholders(text, spans), spans)))
    assert [one.placeholder for one in found] == ["<PERSON_1>", "<EMAIL_ADDRESS_1>", "<PERSON_1>"]
    assert tuple(one.span for one in found) == spans
    assert list(explain(Redaction("held", "eu", "language-undetermined", None, ()))) == []
