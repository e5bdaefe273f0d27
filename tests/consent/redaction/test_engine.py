"""The redactor as a whole: English found, failures held, hostile texts bounded, nothing told."""

import logging
import socket
import time

import pytest

from consent.redaction import InvalidSpan, Passage, Redactor, Span, spans_cover
from consent.redaction.english import EnglishReader
from consent.redaction.recognizers import recognizers
from consent.redaction.universal import Recognizer

pytestmark = pytest.mark.models

LETTER = (
    "Dear Anna,\nMy name is Peter and I live at flat 3, 14 Mill Lane, York. You can mail me: anna dot m at"
    " example dot org. My sister Marta Kowalska-Nowak was born on 3 May 1961, and we married on 4 June 1980."
    " Marta still drives AB12 CDE. Love,\nJoan"
)


def test_a_letter(redactor):
    [out] = redactor.redact([Passage(LETTER, "en")])
    assert out.action == "redacted"
    for value in ("Anna", "Peter", "14 Mill Lane", "example", "Marta", "Nowak", "3 May 1961", "AB12", "Joan"):
        assert value not in out.text
    assert "4 June 1980" in out.text
    assert spans_cover(LETTER, out.text, out.spans)


def test_redacting_twice_changes_nothing_more(redactor):
    [once] = redactor.redact([Passage(LETTER, "en")])
    [twice] = redactor.redact([Passage(once.text, "en")])
    assert twice.text == once.text


def test_human_and_machine_spans_are_united(redactor):
    text = "The woman with the red door in our street told Peter Smith about the flood."
    [out] = redactor.redact([Passage(text, "en", (Span(4, 27, "PERSON", 1.0, "human"),), reviewed=True)])
    assert out.text.startswith("The <PERSON_1> in our street told <PERSON_2> about")


def test_an_invalid_mark_names_its_index_only(redactor):
    with pytest.raises(InvalidSpan, match=r"^span 0: outside the text or empty$"):
        redactor.redact([Passage("hello", "en", (Span(0, 99, "PERSON", 1.0, "human"),))])


def test_a_failing_recognizer_holds_its_passage_and_says_nothing(redactor, capfd, caplog):
    def fail_on_secret(text):
        if "Zanzibar" in text:
            raise ValueError(text)
        return []

    broken = Redactor()
    broken._recognizers["en"] = (*recognizers("en"), Recognizer("boom", "records", fail_on_secret))
    with caplog.at_level(logging.DEBUG):
        bad, good = broken.redact(
            [
                Passage("My friend Otto sailed to Zanzibar in the long summer.", "en"),
                Passage("My friend Otto stayed at home in the long summer.", "en"),
            ]
        )
    assert (bad.action, bad.held_reason, bad.text, bad.spans) == ("held", "recognizer-failed:boom", None, ())
    assert good.action == "redacted"
    told = "".join(capfd.readouterr()) + caplog.text
    assert "Zanzibar" not in told
    assert "Otto" not in told


def test_a_pattern_that_times_out_is_a_failure():
    from consent.redaction.quiet import PatternTimedOut

    with pytest.raises(PatternTimedOut):
        logging.getLogger("presidio-analyzer").warning("Regex pattern '%s' timed out after %s seconds", "x", 60)


@pytest.mark.parametrize("text", ["", " ", "\x00\x01", "An\u200bna lives.", "a\ud800b", "\u202eabc", "👩‍👩‍👧 hi"])
def test_odd_texts_do_not_crash(redactor, text):
    [out] = redactor.redact([Passage(text, "en")])
    assert out.action in ("redacted", "held")


def test_invisible_characters_hide_no_name(redactor):
    [out] = redactor.redact([Passage("Yesterday An\u200bna Smi\u00adth went home to York.", "en")])
    assert out.text == "Yesterday <PERSON_1> went home to York."  # The dictionary has York: a place that stays.


@pytest.mark.parametrize("text", ["1234567890" * 100_000, "abcdefghij" * 20_000, "a." * 50_000])
def test_hostile_texts_take_bounded_time(redactor, text):
    start = time.process_time()
    redactor.redact([Passage(text, "en")])
    assert time.process_time() - start < 60


def test_too_long_is_held(redactor):
    [out] = redactor.redact([Passage("a" * 1_000_001, "en")])
    assert (out.action, out.held_reason) == ("held", "too-long")


def test_no_packet_leaves(monkeypatch):
    def refuse(*_):
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    [out] = Redactor().redact([Passage("Please write to anna@example.org or see example.com today.", "en")])
    assert out.text == "Please write to <EMAIL_ADDRESS_1> or see <URL_1> today."


PEOPLE = ("Anna Novak", "Peter Hughes", "Maria Santos", "James Okafor", "Linda Berg", "Omar Haddad")
SCENES = (
    "{} moved to Leeds in the spring and opened a bakery with two friends.",
    "When the flood came, {} carried the neighbours' chairs up the stairs.",
    "I asked {} about my passport number 123456789 and nobody knew.",
    "In Lisbon {} rang the bank about account 12345678 twice that week.",
    "My aunt told {} that the school in Bristol would close.",
)


def test_the_reduced_pipeline_finds_what_the_full_one_finds():
    """Same entities: neither what is left out nor the context that nobody looks at changes a result."""
    texts = [scene.format(person) for scene in SCENES for person in PEOPLE]
    reduced, full = EnglishReader(), EnglishReader(excluded=())
    assert "lemmatizer" in full._nlp.nlp["en"].pipe_names
    found = [{(s.start, s.end, s.label) for s in spans} for spans in reduced.find(texts)]
    assert found == [{(s.start, s.end, s.label) for s in spans} for spans in full.find(texts)]
    assert all(found)
