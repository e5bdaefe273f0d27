"""The text profile: one text, one sequence of bytes."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consent.text import MAX_TEXT_BYTES, TextRefused, decode_text, profile_offset, profile_text

PIECES = st.lists(st.sampled_from(["a", "é", "\r\n", "\r", "\n", "\ufeff", "  ", "\U0001f600", "ﬁ"]), max_size=12)
TEXTS = PIECES.map("".join) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def admitted(text: str) -> str:
    """The profile of ``text``; cases that it refuses are left out."""
    try:
        return profile_text(text)
    except TextRefused:
        assume(False)
        raise


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\r\n\r\nb\r\r\nc", "a\n\nb\n\nc"),
        ("\ufeffa\ufeffb", "a\ufeffb"),
        ("\ufeff\ufeffa", "a"),
        ("  a \n", "  a \n"),
        ("di\u0301a día ﬁ", "di\u0301a día ﬁ"),
        ("\U0001f600\u2028\x7f", "\U0001f600\u2028\x7f"),
    ],
)
def test_the_profile(given_text: str, kept: str) -> None:
    """Line ends and leading marks, and nothing else: no trimming, no normal form."""
    assert profile_text(given_text) == kept


@given(TEXTS)
def test_the_profile_applied_twice_is_the_profile(text: str) -> None:
    """A text that passes two doors is still the same text."""
    kept = admitted(text)
    assert profile_text(kept) == kept
    assert "\r" not in kept


@given(TEXTS)
def test_bytes_and_text_come_to_the_same(text: str) -> None:
    """A file, a line of JSON and a form give one commitment for one text."""
    kept = admitted(text)
    assert decode_text(text.encode()) == kept
    assert decode_text(text.replace("\r\n", "\n").replace("\n", "\r\n").encode()) == kept
    assert decode_text(b"\xef\xbb\xbf" + text.encode()) == kept


@given(TEXTS, st.data())
def test_an_offset_leads_to_the_same_character(text: str, data) -> None:
    """What a person marked in the text as it came is what is marked in the text that is kept."""
    kept, place = admitted(text), profile_offset(text)
    assert place(0) == 0
    assert place(len(text)) == len(kept)
    offsets = [place(n) for n in range(len(text) + 1)]
    assert offsets == sorted(offsets)
    for n, char in enumerate(text):
        if char not in "\r\n\ufeff":
            assert kept[place(n)] == char


@pytest.mark.parametrize("text", ["", "  \n", "\ufeff", "\r\n\r\n", "a\x00b", "a\ud800", "\udfffb"])
def test_what_is_no_text(text: str) -> None:
    """Nothing, NUL, or half a character."""
    with pytest.raises(TextRefused):
        profile_text(text)


@pytest.mark.parametrize("data", [b"a\xff", b"\xc3", "día".encode("latin-1"), "día".encode("utf-16"), b"\xed\xa0\x80"])
def test_what_is_not_utf_8(data: bytes) -> None:
    """Named by its place, never shown."""
    with pytest.raises(TextRefused, match="UTF-8"):
        decode_text(data)


def test_the_limit_counts_bytes() -> None:
    """Exactly the limit is admitted; one byte more is not, in whatever script."""
    assert len(profile_text("a" * MAX_TEXT_BYTES)) == MAX_TEXT_BYTES
    for text in ("a" * (MAX_TEXT_BYTES + 1), "é" * (MAX_TEXT_BYTES // 2 + 1)):
        with pytest.raises(TextRefused, match="longer"):
            profile_text(text)
