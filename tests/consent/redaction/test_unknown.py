"""Words that no dictionary has are names where only a name can stand; a word of the dictionary never is."""

import pytest

from consent.redaction import Passage, Redactor
from consent.redaction.lexicon import Lexicon
from consent.redaction.sift import sift
from consent.redaction.types import Span
from consent.redaction.unknown import unknown_names
from consent.redaction.words import extra, words

KNOWN = """ring the she door soup left who was came playdough birch kitchen glue up hands off rose"""
WORDS = Lexicon(
    frozenset(KNOWN.split()) | words("en").set("common") | extra("newer", "chat"), frozenset({"birch", "rose"})
)


def _found(text: str) -> list[str]:
    return list(dict.fromkeys(text[s.start : s.end] for s in unknown_names(text, WORDS)))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("She rang. Fenella left soup at the door.", ["Fenella"]),
        ("Fenella, who left, came back. She was glad.", ["Fenella"]),
        ("Then it rang. Oonagh's door was shut.", ["Oonagh"]),
        ('She said: "Zebedine came."', ["Zebedine"]),
        ("Saoirse-Mae left. The door was shut.", ["Saoirse-Mae"]),
        ("She came. Xiuying? Here.", ["Xiuying"]),
        ("There were three of us: Cuauhtemoc, she and me.", ["Cuauhtemoc"]),
    ],
)
def test_a_sentence_that_begins_with_no_word_begins_with_a_name(text, names):
    assert _found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Playdough was there. She left.",
        "Glue-up was there. She left.",
        "AIBUX was there. She left.",
        "Fortisips were there. She left.",
        "Kicthen was there. She left.",
        "Sooooo she left. The door was shut.",
        "Zork Tunnel was there. She left.",
        "She left. Smacznego!",
        "Rose came. She left.",
    ],
)
def test_what_begins_a_sentence_and_is_no_name(text):
    """Words, parts of words, capitals throughout, plurals, slips, what goes on in capitals or stands alone."""
    assert _found(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("so fikayo left and i was off", ["fikayo"]),
        ("dev: left\nthe door was off", ["dev"]),
        ("it was maisonette birch who left the door", ["maisonette birch"]),
        ("omg lol she left haha", []),
        ("see www.fikayo.example or fikayo@example or @fikayo or fikayo_7", []),
        ("she left the dev at the door", []),
    ],
)
def test_without_capitals_every_unknown_word_is_a_name(text, names):
    assert _found(text) == names


def test_without_a_dictionary_nothing_is_unknown():
    assert list(unknown_names("Fenella left soup.", Lexicon(frozenset(), frozenset()))) == []


def _sifted(text: str, value: str, recognizer: str) -> list[str]:
    at = text.index(value)
    return [text[s.start : s.end] for s in sift(text, [Span(at, at + len(value), "PERSON", 0.8, recognizer)], WORDS)]


def test_a_careless_text_gives_back_what_one_model_took_for_a_name():
    assert _sifted("so she left the soup at the door", "soup", "SpacyRecognizer") == []
    assert _sifted("so she left fikayo at the door", "fikayo", "SpacyRecognizer") == ["fikayo"]
    assert _sifted("dear soup, she left the door", "soup", "greeting") == ["soup"]


@pytest.mark.parametrize(
    ("text", "value", "recognizer", "left"),
    [
        ("Teacher: Ring the door, she said.", "Ring", "introduction", []),
        ("Teacher: Ring\nShe left.", "Ring", "introduction", ["Ring"]),
        ("It was here, Miss. Soup was there.", "Soup", "title", []),
        ("It was Mr. Soup who was there.", "Soup", "title", ["Soup"]),
        ("Therapist: She left. Came she? Yes.", "Therapist", "dialogue-label", []),
        ("Soup: She left. Came she? Yes.", "Soup", "dialogue-label", ["Soup"]),
    ],
)
def test_a_cue_that_was_none(text, value, recognizer, left):
    assert _sifted(text, value, recognizer) == left


@pytest.mark.models
def test_the_redactor_finds_who_begins_a_sentence_and_who_is_written_small(redactor):
    letter = "We stayed in all day. Fenella left soup at the door. Playdough was everywhere."
    chat = "omg happy birthday priscilla!!! hope fikayo spoils u\nthx hun lol"
    form = "Reported by: Delphi Ransome\nWhat happened: the gate fell."
    outs = redactor.redact([Passage(text, "en") for text in (letter, chat, form)])
    assert outs[0].text == letter.replace("Fenella", "<PERSON_1>")
    assert not any(name in outs[1].text for name in ("priscilla", "fikayo"))
    assert "thx hun lol" in outs[1].text
    assert outs[2].text == form.replace("Delphi Ransome", "<PERSON_1>")


@pytest.mark.models
def test_they_belong_to_the_group_of_stray_names():
    text = "We stayed in all day. Fenella left soup at the door and nobody came."
    [out] = Redactor(without=frozenset({"stray-names"})).redact([Passage(text, "en")])
    assert "Fenella" in out.text
