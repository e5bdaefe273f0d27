"""Base58btc: the same as the `base58` package, and one spelling only."""

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.record.base58 import b58decode, b58encode

ALPHABET = base58.BITCOIN_ALPHABET.decode()


@given(st.binary(max_size=80))
def test_the_spelling_is_that_of_the_package(data):
    """Leading zero bytes included."""
    assert b58encode(data) == base58.b58encode(data).decode()
    assert b58decode(b58encode(data)) == data


@given(st.text(ALPHABET, max_size=100))
def test_every_spelling_is_the_one_of_its_bytes(text):
    """So a signature has one digest."""
    assert b58decode(text) == base58.b58decode(text)
    assert b58encode(b58decode(text)) == text


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "2 ", " 2", "2\n", "é2", "22+", "2\x00"])
def test_other_characters_are_refused(text):
    """White space at the end too, which the package drops."""
    with pytest.raises(ValueError, match="base58btc"):
        b58decode(text)
