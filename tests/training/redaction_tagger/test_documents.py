"""The training room makes texts whose labels are right, and the same ones from the same seed."""

import random

import pytest

from consent.redaction.tagger.features import UNKNOWN, norm_id, tokenize
from consent.redaction.tagger.network import TAGS
from training.redaction_tagger.corpus import example
from training.redaction_tagger.documents import Part, Writer
from training.redaction_tagger.invent import Inventor
from training.redaction_tagger.noise import lowered, noisy
from training.redaction_tagger.source import LANGUAGES, read_cultures, read_material

CULTURES = read_cultures()
MESSAGES = ("The page was saved.", "Nothing was found here.")


def writer(language: str) -> Writer:
    """A writer with two messages in place of the catalogues."""
    material = read_material(language)
    return Writer(material, CULTURES, MESSAGES, Inventor(material.nouns))


def texts(language: str, count: int = 150) -> list[list[Part]]:
    """The first texts of a language."""
    one = writer(language)
    return [one.write(random.Random(seed)) for seed in range(count)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_gap_stays_open_and_what_fills_gaps_is_labelled(language: str) -> None:
    written = texts(language)
    assert {label for parts in written for _, label in parts} == {"", "PERSON", "PLACE", "ADDRESS"}
    for parts in written:
        assert "{" not in "".join(text for text, _ in parts)
        assert all(text.strip() == text for text, label in parts if label)


def test_a_quarter_of_the_texts_name_nobody() -> None:
    silent = sum(all(not label for _, label in parts) for parts in texts("en", 400))
    assert 0.15 < silent / 400 < 0.4


def test_the_same_seed_gives_the_same_text() -> None:
    assert texts("it", 20) == texts("it", 20)


def test_noise_keeps_labels_with_their_text() -> None:
    words = Inventor(("kitchen", "garden", "kettle", "ladder"))
    for seed, parts in enumerate(texts("en", 80)):
        noised = noisy(parts, random.Random(seed), words, ("um",))
        assert [label for _, label in noised] == [label for _, label in parts]
    assert lowered([("Ana Ruiz", "PERSON")]) == [("ana ruiz", "PERSON")]


def test_tags_begin_with_each_name_and_identities_are_hidden_more_often_in_names() -> None:
    parts: list[Part] = [("Dear ", ""), ("Ana Ruiz", "PERSON"), (" and ", ""), ("Luis", "PERSON"), ("!", "")]
    known = frozenset(norm_id(t.text) for t in tokenize("Dear Ana Ruiz and Luis!"))
    seen = [example(parts, known, random.Random(seed)) for seed in range(200)]
    assert [TAGS[t] for t in seen[0][1]] == ["O", "B-PERSON", "I-PERSON", "O", "B-PERSON", "O"]
    large, small, name = (sum(features[i, 0] == UNKNOWN for features, _ in seen) for i in (0, 3, 1))
    assert large == 0
    assert 0 < small < name < 200


def test_invented_words_follow_their_models() -> None:
    made = {Inventor(("Marta", "Martin", "Marina")).word(random.Random(seed)) for seed in range(30)}
    assert all(word.startswith("Mar") for word in made)
