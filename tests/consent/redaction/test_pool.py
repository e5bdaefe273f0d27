"""Worker processes give what one redactor gives, in order, and touch no disk."""

import tempfile

import pytest

from consent.redaction import InvalidSpan, Passage, Span
from consent.redaction.pool import LEAST, RedactorPool

pytestmark = pytest.mark.models


def test_the_same_as_one_redactor(redactor, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    passages = [
        Passage(f"Dear Marta, the parcel number {i} came to 14 Mill Lane on Friday.", "en") for i in range(LEAST)
    ]
    with RedactorPool(processes=1) as pool:
        assert pool.redact(passages) == redactor.redact(passages)
        with pytest.raises(InvalidSpan):
            pool.redact([Passage("short", "en", (Span(0, 99, "PERSON", 1.0, "human"),))])
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_no_process_is_refused():
    with pytest.raises(ValueError, match="at least one process"):
        RedactorPool(processes=0)
