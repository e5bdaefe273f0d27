"""`lecs redact --explain`: what found each span, beside lines that stay as they are."""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.models

LINE = json.dumps({"id": "7", "text": "Ring 01632 960147, or write to hannelore@oven.example.", "language": "en"})


def test_the_lines_stay_and_the_text_is_told_only_when_asked(lecs: Any) -> None:
    """Label, placeholder, recognizer and score on standard error."""
    plain = lecs("redact", "-", "--json", stdin=LINE).ok()
    told = lecs("redact", "-", "--json", "--explain", stdin=LINE).ok()
    assert told.out == plain.out
    assert plain.err == ""
    lines = told.err.splitlines()
    assert len(lines) == len(plain.json["spans"]) >= 2
    for line, span in zip(lines, plain.json["spans"], strict=True):
        assert line.startswith(f"7: {span['start']}-{span['end']} {span['label']} <{span['label']}_1> by ")
        assert span["recognizer"] in line
        assert f"{span['score']:.2f}" in line
    assert "hannelore" not in told.err
    shown = lecs("redact", "-", "--explain", "--show-text", stdin=LINE).ok()
    assert "hannelore@oven.example" in shown.err
    assert lecs("redact", "-", "--show-text", stdin=LINE).code == 2


def test_why_a_text_is_held(lecs: Any) -> None:
    """There is no span to explain; the reason is said."""
    line = json.dumps({"id": "8", "text": "Opowieść o wzgórzu i o figach.", "language": "pl"})
    told = lecs("redact", "-", "--explain", "--json", stdin=line).ok()
    assert told.err.strip() == "8: held, declared-language-not-validated:pl"
