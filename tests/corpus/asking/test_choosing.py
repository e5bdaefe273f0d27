"""Which sentences answer: only what a text says, of the kind that was asked for, and nothing when a word is not met."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.asking.choosing import MOST_SENTENCES, Quotation, choose, contained
from corpus.asking.sentences import MOST, sentences
from corpus.asking.wanted import wanted
from corpus.asking.words import is_number, root, telling, words

MILL = 'The mill burned in September 1958. Mr. Ash, who kept it, had nine cats. "It was the lamp," he said.'
BREAD = "Bread needs flour, water and salt. Bake it for forty minutes. It is brown when it is done."


def embed(texts: Sequence[str]) -> np.ndarray:
    """Vectors that point the same way where texts share words: a bag of roots in 97 places."""
    found = np.zeros((len(texts), 97), np.float32)
    for row, text in enumerate(texts):
        for word in words(text):
            found[row, sum(root(word).encode()) * 31 % 97] += 1
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


def ask(question: str) -> list[Quotation]:
    return choose(question, [("mill", MILL), ("bread", BREAD)], embed)


def test_a_sentence_is_quoted_from_its_place() -> None:
    (first, *_) = ask("When did the mill burn?")
    assert (first.contribution, first.words) == ("mill", "The mill burned in September 1958.")
    assert MILL[first.start : first.end] == first.words


def test_a_word_that_no_text_meets_gets_no_answer() -> None:
    assert ask("When did the mill burn in Mongolia?") == []
    assert ask("How many dogs had the mill?") == []


def test_another_number_is_another_thing() -> None:
    assert ask("Which mill burned in September 1958?")
    assert ask("Which mill burned in September 1959?") == []


def test_few_sentences_are_quoted_and_none_twice() -> None:
    texts = [(str(number), "The old mill burned. The old mill burned down.") for number in range(9)]
    found = choose("Which old mill burned?", texts, embed)
    assert 1 <= len(found) <= MOST_SENTENCES
    assert len({one.words for one in found}) == len(found)


@pytest.mark.parametrize(
    ("question", "holds", "does_not"),
    [
        ("How many cats had he?", "He had nine cats.", "He had cats, and lived at number nine."),
        ("How much did the table cost?", "It cost ten pounds.", "It has six legs."),
        ("How old was she?", "She was sixty-three.", "She was old."),
        ("How tall is the tower?", "It is ninety feet tall.", "It is number ninety."),
        ("How long must it rest?", "Leave it for six weeks.", "Leave it alone."),
        ("When did it begin?", "It began in spring.", "It began with a lamp."),
        ("What colour is it?", "A green one.", "A large one."),
        ("Who did it?", "The gardener.", ""),
    ],
)
def test_an_answer_is_of_the_kind_that_was_asked_for(question: str, holds: str, does_not: str) -> None:
    assert wanted(question)(holds)
    assert not wanted(question)(does_not)


@given(st.text(max_size=2000))
def test_sentences_stand_where_they_say(text: str) -> None:
    for one in sentences(text):
        assert text[one.start : one.end] == one.words != ""
        assert len(one.words) <= MOST


@given(st.text(min_size=1, max_size=50), st.text(max_size=20), st.text(max_size=20))
def test_only_what_stands_in_its_place_is_contained(said: str, before: str, after: str) -> None:
    quotation = Quotation("x", len(before), len(before) + len(said), said, 1.0)
    assert contained(quotation, before + said + after)
    assert not contained(quotation, before + "\x00" + said[1:] + after) or said[0] == "\x00"


def test_sentences_end_where_people_would_end_them() -> None:
    assert [one.words for one in sentences(MILL)] == [
        "The mill burned in September 1958.",
        "Mr. Ash, who kept it, had nine cats.",
        '"It was the lamp," he said.',
    ]
    assert [one.words for one in sentences('"Go!" she said. He went.\nNoor')] == ['"Go!" she said.', "He went.", "Noor"]


def test_words_that_only_ask_say_nothing() -> None:
    assert telling("What did the goat eat during the flood?") == ["goat", "eat", "flood"]
    assert root("boxes") == root("box")
    assert [word for word in ("twelve", "forty-two", "1958", "mill") if is_number(word)] == [
        "twelve",
        "forty-two",
        "1958",
    ]
