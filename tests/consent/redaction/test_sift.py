"""Guesses held against a dictionary: mere words, headings and institutions are nobody; people stay found."""

import pytest

from consent.redaction import Passage, Span
from consent.redaction.lexicon import Lexicon, lexicon
from consent.redaction.nlp import packaged_model
from consent.redaction.sift import sift
from consent.redaction.tagger import NAME as TAGGER
from consent.redaction.words import extra

WORDS = Lexicon(
    frozenset(
        [
            "farrier",
            "mark",
            "contact",
            "royal",
            "society",
            "owl",
            "hope",
            "chapel",
            "stoke",
            "ferry",
            "bridge",
            "berry",
            "stop",
            "hut",
            "scout",
            "with",
            "the",
        ]
    ),
    frozenset({"hope", "mark"}),
)
MODEL, STRAY = "SpacyRecognizer", "stray-name"


def _left(text: str, *found: tuple[str, str, str]) -> list[str]:
    """What is left, where each value was found at its first place under a label by a recognizer."""
    spans = [Span(text.index(v), text.index(v) + len(v), label, 0.9, by) for v, label, by in found]
    return [text[s.start : s.end] for s in sift(text, spans, WORDS)]


@pytest.mark.parametrize(
    ("text", "value", "left"),
    [
        ("Farrier came at ten.", "Farrier", []),
        ("Contact Wendy about it.", "Contact Wendy", ["Wendy"]),
        ("Hope came at ten.", "Hope", ["Hope"]),
        ("We sang in Hope Chapel on Monday.", "Hope Chapel", []),
        ("It was the Royal Zanzibar Society again.", "Zanzibar", []),
        ("They met at the Scout Hut.", "Scout Hut", []),
        ("A woman from Stoke Ferry came.", "Stoke Ferry", ["Stoke Ferry"]),
        ("We saw Zadok Ferry there.", "Zadok Ferry", ["Zadok Ferry"]),
        ("The people of St Ives knew.", "St Ives", []),
        ("We saw Zadok Berry there.", "Zadok Berry", ["Zadok Berry"]),
        ("We saw Zadok Monday night.", "Zadok Monday", ["Zadok"]),
        ("Then Sang-Hope came.", "Sang-Hope", ["Sang-Hope"]),
        ("A. Hope signed it.", "A. Hope", ["A. Hope"]),
        ("We say owls, and Owls they were.", "Owls", []),
    ],
)
def test_a_guessed_person(text, value, left):
    assert _left(text, (value, "PERSON", MODEL)) == left


@pytest.mark.parametrize(
    ("text", "value", "left"),
    [
        ("They met on the Bridge.", "Bridge", []),
        ("They met in Zennorvale.", "Zennorvale", ["Zennorvale"]),
        ("They saw the Bridge with Zadok there.", "the Bridge with Zadok", []),
        ("They met in Zennorvale with Zadok.", "Zennorvale with Zadok", ["Zennorvale"]),
        ("She lives in Stoke, flat 14.", "Stoke", ["Stoke"]),
        ("my uncle hope had sewn the papers into his coat.", "hope", ["hope"]),
    ],
)
def test_a_guessed_place(text, value, left):
    """A place of the dictionary stays in the text, unless an address or a person may have it."""
    assert _left(text, (value, "LOCATION", MODEL)) == left


def test_a_stray_capital_needs_a_second_reason():
    """A word that goes with people, a model, or that no dictionary has it."""
    assert _left("We drove past Chapel at noon.", ("Chapel", "PERSON", STRAY)) == []
    assert _left("We drove past the Quorvex at noon.", ("Quorvex", "PERSON", STRAY)) == []
    assert _left("We drove past Quorvex at noon.", ("Quorvex", "PERSON", STRAY)) == ["Quorvex"]
    assert _left("At noon Hope said so.", ("Hope", "PERSON", STRAY)) == ["Hope"]
    both = ("Hope", "PERSON", STRAY), ("Hope", "PERSON", MODEL)
    assert _left("We drove past Hope at noon.", *both) == ["Hope", "Hope"]


def test_two_models_together_are_believed_within_a_sentence():
    both = ("Hut", "PERSON", MODEL), ("Hut", "PERSON", TAGGER)
    assert _left("Then we told Hut about it.", *both) == ["Hut", "Hut"]
    assert _left("Then we told Hut about it.", both[0]) == []
    assert _left("We left. Hut came too.", *both) == []


def test_a_word_that_few_are_called_by_needs_a_model_and_its_place():
    assert _left("Then we told Owl about it.", ("Owl", "PERSON", MODEL)) == ["Owl"]
    assert _left("Then we saw the Owl there.", ("Owl", "PERSON", MODEL)) == []
    assert _left("Owl came too.", ("Owl", "PERSON", MODEL)) == []
    assert _left("We saw Owl there.", ("Owl", "PERSON", STRAY)) == []


def test_an_address_without_a_number_is_left_to_the_tagger():
    assert _left("Stoke Chapel, Ferry Bridge", ("Stoke Chapel, Ferry Bridge", "LOCATION", TAGGER)) != []


def test_what_a_cue_found_is_left_and_the_title_before_it_is_cut():
    text = "Contact Farrier Owl about it."
    spans = [Span(16, 19, "PERSON", 0.8, "title"), Span(0, 19, "PERSON", 0.9, MODEL)]
    assert [(s.start, s.end) for s in sift(text, spans, WORDS)] == [(16, 19), (16, 19)]


def test_a_rule_that_guesses_by_a_verb_does_not_take_a_mere_word():
    assert _left("Owl said so.", ("Owl", "PERSON", "name-verb")) == []
    assert _left("Hope said so.", ("Hope", "PERSON", "name-verb")) == ["Hope"]
    assert _left("Dear Owl,", ("Owl", "PERSON", "greeting")) == ["Owl"]


def test_a_name_that_is_a_word_elsewhere_stays_a_name():
    assert _left("We had hope. Then Hope came.", ("Hope", "PERSON", MODEL)) == ["Hope"]


def test_where_capitals_say_nothing_everything_stays():
    chat = "so i went\nthe Bridge was shut\nbut Owl said no\nlol"
    assert _left(chat, ("Owl", "PERSON", MODEL)) == ["Owl"]
    assert _left("So I went.\nThe Bridge was shut.", ("Bridge", "PERSON", MODEL)) == []


def test_a_form_on_one_line_is_no_institution():
    text = "LIBRARY SOCIETY Name Zadok Quorvex Address Royal Society"
    assert _left(text, ("Zadok Quorvex", "PERSON", MODEL)) == ["Zadok Quorvex"]


def test_without_a_dictionary_nothing_is_sifted():
    spans = [Span(0, 7, "PERSON", 0.9, MODEL)]
    assert sift("Farrier came.", spans, Lexicon(frozenset(), frozenset())) == spans


def test_words_in_their_forms():
    assert all(map(WORDS.mere, ("berries", "stopped", "owls", "Farrier’s")))
    assert not any(map(WORDS.mere, ("Hope", "h", "o'owl", "Quorvex", "Marks")))


@pytest.mark.models
def test_the_dictionary_of_the_packaged_model():
    found = lexicon(packaged_model())
    assert all(map(found.mere, ("farrier", "thermos", "Ribena", "orchestra")))
    assert not any(map(found.mere, ("Rose", "Arthur", "Carter", "Ptolemy", "Quorvex")))
    assert found.knows("Rose")


def test_the_lists_do_not_contradict_each_other():
    assert not extra("heads", "sure") & extra("heads", "likely")
    assert not extra("names_too", "words") & extra("newer", "words")


def test_a_model_without_an_index_has_no_dictionary_of_its_own(tmp_path):
    found = lexicon(tmp_path)
    assert not found.knows("farrier")


@pytest.mark.models
def test_the_redactor_leaves_the_world_and_takes_the_people(redactor):
    text = (
        "The Farrier came on Monday. The Royal Horticultural Society sent a letter, and we ate Yorkshire pudding. "
        "Then Ottoline Varga walked to the Town Hall with Mr Blenkinsop."
    )
    [out] = redactor.redact([Passage(text, "en")])
    assert [text[s.start : s.end] for s in out.spans] == ["Ottoline Varga", "Blenkinsop"]
