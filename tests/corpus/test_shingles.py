import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.shingles import shingles, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("Straße ﬁn", ["strasse", "fin"]),
        ("कहानी की।", ["कहानी", "की"]),
        ("你好 abc２", ["你", "好", "abc2"]),
        ("مَرْحَبًا بك", ["مَرْحَبًا", "بك"]),
        ("…", []),
    ],
)
def test_words_of_several_scripts(text, expected):
    """Marks stay with their letters; scripts without spaces are split by character."""
    assert words(text) == [unicodedata.normalize("NFKC", word) for word in expected]


@given(st.text(alphabet=string.printable))
def test_the_fast_path_for_ascii_changes_nothing(text):
    """Plain ASCII takes a shorter way to the same words."""
    assert words(text) == words(f"{text} é")[:-1]


def test_a_short_text_is_one_shingle():
    """Texts below the n-gram length are compared as a whole."""
    assert shingles("Just four words, here", 5) == ["just four words here"]
    assert shingles("one two three four five six", 5) == [
        "one two three four five",
        "two three four five six",
    ]
    assert shingles(" ?! ", 5) == ["?!"]
