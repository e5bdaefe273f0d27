"""A recognizer that fails tells its name and nothing of what it read: not to stderr, logs, a file or a home."""

import json
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consent.founding import CHARTER_DEFAULTS, found_commons
from consent.intake import Intake, Terms
from consent.redaction import Passage, Redactor
from consent.redaction.english import EnglishReader, _guarded
from consent.redaction.recognizers import recognizers
from consent.redaction.universal import Recognizer
from consent.redaction.words import SUPPORTED
from consent.sources import open_source
from substrate.store.home import Home, open_home

pytestmark = pytest.mark.models

SECRET = "Zanzibar Quillfeather"
TEXT = f"My friend {SECRET} sailed home in the long summer, and we went to the harbour to meet the boat."
NOW = "2026-11-22T10:00:00Z"


class Quoting(Exception):
    """An error that quotes what was read, as library errors do."""


def _fail(*args: Any, **_: Any) -> Any:
    raise Quoting(*args)


def _broken(one: Recognizer) -> Recognizer:
    return Recognizer(one.name, one.group, _fail)


@pytest.fixture(scope="module")
def english() -> EnglishReader:
    """One loaded reader for all cases."""
    return EnglishReader()


def _told(capfd: Any, caplog: Any) -> str:
    return "".join(capfd.readouterr()) + caplog.text


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for temporary files."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _files(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def test_each_recognizer_of_each_language(english, scratch, capfd, caplog):
    """One at a time: the passage is held under the recognizer's name, and the secret is nowhere."""
    with caplog.at_level(logging.DEBUG):
        for language in (*SUPPORTED, "und"):
            chosen = recognizers(language)
            for i, one in enumerate(chosen):
                redactor = Redactor()
                redactor._readers["en"] = [english]
                redactor._recognizers[language] = (*chosen[:i], _broken(one), *chosen[i + 1 :])
                passage = Passage(TEXT, "eu" if language == "und" else language, reviewed=True)
                [out] = redactor.redact([passage])
                assert (out.action, out.held_reason, out.text) == ("held", f"recognizer-failed:{one.name}", None)
    assert not any(SECRET.split()[0] in told for told in (_told(capfd, caplog), *map(bytes.decode, _files(scratch))))


def test_each_recognizer_on_presidio(english, scratch, capfd, caplog):
    """Those that Presidio's engine runs, its own steps, and the model itself."""
    with caplog.at_level(logging.DEBUG):
        for one in english.engine.registry.recognizers:
            whole = vars(one)["analyze"]
            vars(one)["analyze"] = _fail
            _guarded(one)
            try:
                redactor = Redactor()
                redactor._readers["en"] = [english]
                [out] = redactor.redact([Passage(TEXT, "en")])
            finally:
                vars(one)["analyze"] = whole
            assert out.held_reason == f"recognizer-failed:{one.name}"
    assert SECRET.split()[0] not in _told(capfd, caplog)
    assert not list(_files(scratch))


class Failing:
    """A reader that fails on every text that names somebody."""

    name = "tagger"

    def find(self, texts):
        """Raises what quotes the text."""
        if any("Zanzibar" in text for text in texts):
            raise Quoting(*texts)
        return [[] for _ in texts]


def test_a_failing_reader_holds_its_text_and_no_other(english, capfd, caplog):
    with caplog.at_level(logging.DEBUG):
        redactor = Redactor()
        redactor._readers["en"] = [english, Failing()]
        bad, good = redactor.redact([Passage(TEXT, "en"), Passage("We went to the market in the morning.", "en")])
    assert (bad.held_reason, bad.spans) == ("recognizer-failed:tagger", ())
    assert good.action == "redacted"
    assert "Zanzibar" not in _told(capfd, caplog)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A new commons without a model."""
    found_commons(tmp_path / "home", CHARTER_DEFAULTS, {"format": "of the tests"}, (), NOW)
    with open_home(tmp_path / "home") as opened:
        yield opened


def test_a_failure_during_intake_leaves_nothing_in_the_home(home, tmp_path, scratch, capfd, caplog):
    """The row is refused, and no file of the home or scratch folder holds a word of it."""
    row = {
        "text": TEXT,
        "language": "en",
        "domain": "letter",
        "tier": "public",
        "purposes": ["train"],
        "licence": "CC0-1.0",
        "contributor": {"kind": "pseudonym", "name": "Aubépine"},
        "rights": {"basis": "author"},
        "people": {"conversation": False},
        "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": "none"},
        "notice": "2026-11",
    }
    given = tmp_path / "rows.jsonl"
    given.write_text(json.dumps(row) + "\n")
    redactor = Redactor()
    redactor._readers["en"] = [Failing()]
    with caplog.at_level(logging.DEBUG):
        source = open_source(given, home.keyring.secret("batch"))
        [outcome] = Intake(home, source, redactor, Terms(), lambda: NOW).run()
    assert (outcome.status, outcome.reason) == ("refused", "not-redacted")
    found = [*_files(tmp_path / "home"), *_files(scratch)]
    assert found
    assert not any(b"Zanzibar" in data for data in found)
    assert "Zanzibar" not in _told(capfd, caplog)
