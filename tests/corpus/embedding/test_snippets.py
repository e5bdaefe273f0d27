"""Snippets: short, from the text, and from where the words of the question are."""

from hypothesis import given
from hypothesis import strategies as st

from corpus.embedding.snippets import MOST, snippet


@given(st.text(max_size=1500), st.text(max_size=40))
def test_a_snippet_is_short_and_from_the_text(text: str, query: str) -> None:
    found = snippet(text, query)
    assert len(found) <= MOST
    middle = found.removeprefix("… ").removesuffix(" …")
    assert middle in " ".join(text.split())


def test_the_sentence_with_the_words_of_the_question_is_shown() -> None:
    text = "The hay was cut. " * 30 + "Then the miller lost his boots in the river. " + "Nobody spoke. " * 30
    assert snippet(text, "boots of the MILLER").startswith("… Then the miller lost his boots")


def test_a_short_text_is_shown_whole() -> None:
    assert snippet("One line\nand another", "nothing") == "One line and another"
