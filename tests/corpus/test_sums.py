"""SHA256SUMS: one form, read back as it was written, and nothing that a checker could read in two ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.sums import InvalidSums, read_sums, sums_text

PATHS = st.from_regex(r"[a-zA-Z0-9_-]{1,8}(/[a-zA-Z0-9_-]{1,8}){0,2}\.[a-z]{1,4}", fullmatch=True)
HASHES = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)


@given(st.dictionaries(PATHS, HASHES, max_size=6))
def test_a_list_is_read_back(files):
    """Writing and reading are inverse."""
    assert read_sums(sums_text(files)) == files


@pytest.mark.parametrize("path", ["a b", "../a", "a/../b", "/etc/passwd", "a\nb", "*a", "\\a", "a//b", ""])
def test_a_path_that_could_lead_elsewhere_is_refused(path):
    """No blanks, no climbing, no absolute path, no mark of a binary file."""
    with pytest.raises(InvalidSums):
        sums_text({path: "a" * 64})


@pytest.mark.parametrize(
    "text",
    [
        "a" * 64 + "  b",
        "a" * 64 + " b\n",
        "A" * 64 + "  b\n",
        ("a" * 64 + "  b\n") * 2,
        "a" * 64 + "  b\n" + "a" * 64 + "  a\n",
    ],
)
def test_another_form_is_refused(text):
    """Unsorted, doubled, upper case, one space, no end of line."""
    with pytest.raises(InvalidSums):
        read_sums(text)
