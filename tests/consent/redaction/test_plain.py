"""The readable text that recognizers read: look-alikes folded, and a long word read once."""

import pytest

from consent.redaction.plain import plain


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Аnna Smіth", "Anna Smith"),
        ("xАy", "xAy"),
        ("привет Anna", "привет Anna"),
        ("naïve Аda", "naïve Ada"),
        ("Ωmega", "Ωmega"),
    ],
)
def test_look_alikes_in_words_with_latin_letters_become_latin(text, read):
    assert plain(text).text == read


@pytest.mark.parametrize("sign", ["😀", "é", "я "])
def test_a_long_word_beside_a_sign_is_read_once(sign):
    """A step back at each of these letters would take an hour: once a text of 3 MB did."""
    text = sign + "x" * 400_000
    assert plain(text).text == text
