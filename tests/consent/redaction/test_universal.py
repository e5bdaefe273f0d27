"""What is found by shape alone, in any language, without a model."""

import subprocess
import sys

import pytest

from consent.redaction import Passage, Redactor
from consent.redaction.chunks import CHUNK, chunks
from consent.redaction.universal import universal


@pytest.mark.parametrize(
    ("text", "value", "label"),
    [
        ("mail anna.m+x@example.org.", "anna.m+x@example.org", "EMAIL_ADDRESS"),
        ("write anna dot m at example dot org please", "anna dot m at example dot org", "EMAIL_ADDRESS"),
        ("anna (at) example (dot) org", "anna (at) example (dot) org", "EMAIL_ADDRESS"),
        ("see https://example.org/a?b=c.", "https://example.org/a?b=c", "URL"),
        ("ring 07700 900123 now", "07700 900123", "PHONE_NUMBER"),
        ("ring +34 612 345 678.", "+34 612 345 678", "PHONE_NUMBER"),
        ("(212) 555-0142", "(212) 555-0142", "PHONE_NUMBER"),
        ("IBAN ES91 2100 0418 4502 0005 1332 and more", "ES91 2100 0418 4502 0005 1332", "IBAN_CODE"),
        ("my bank about GB00 TEST 0000 0012 3456 78.", "GB00 TEST 0000 0012 3456 78", "IBAN_CODE"),
        ("card 4111 1111 1111 1111", "4111 1111 1111 1111", "CREDIT_CARD"),
        ("host 192.0.2.17", "192.0.2.17", "IP_ADDRESS"),
        ("host 2001:db8::17 up", "2001:db8::17", "IP_ADDRESS"),
        ("follow @marta_k92!", "@marta_k92", "USERNAME"),
        ("plate AB12 CDE", "AB12 CDE", "LICENSE_PLATE"),
        ("plate 1234-BCD", "1234-BCD", "LICENSE_PLATE"),
        ("dni 12345678Z", "12345678Z", "NATIONAL_ID"),
        ("Calle Mayor, 14", "Calle Mayor, 14", "LOCATION"),
    ],
)
def test_found(text, value, label):
    assert (value, label) in {(text[s.start : s.end], s.label) for s in universal(text)}


@pytest.mark.parametrize(
    "text",
    [
        "order 123456789",
        "on 12/03/2021 we met at 10:30",
        "1914-1918",
        "one two three four five six seven eight",
        "a garden.It was",
        "3 @ 5 each",
    ],
)
def test_left_alone(text):
    assert universal(text) == []


def test_reviewed_texts_in_other_languages_load_no_model():
    redactor = Redactor()
    text = "Kaixo Ane, deitu 944 123 456 edo idatzi ane@example.eus"
    [out] = redactor.redact([Passage(text, "eu", reviewed=True)])
    assert out.action == "redacted"
    assert out.language == "eu"
    assert out.text == "Kaixo Ane, deitu <PHONE_NUMBER_1> edo idatzi <EMAIL_ADDRESS_1>"
    assert "en" not in redactor._readers


def test_importing_the_package_loads_no_model_library():
    code = "import sys, consent.redaction; sys.exit(bool({'spacy', 'presidio_analyzer'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_chunks_cover_the_text():
    for text in ("", "a" * (3 * CHUNK), "word. " * CHUNK, "para\n\n" * CHUNK):
        end = 0
        for start, piece in chunks(text):
            assert start <= end
            assert text[start : start + len(piece)] == piece
            assert len(piece) <= CHUNK
            end = start + len(piece)
        assert end == len(text)
