"""YAML that means only what it shows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.record.plain_yaml import MAX_YAML_CHARACTERS, MAX_YAML_DEPTH, NotPlainYaml, compose_plain, load_plain

MARKER = "Ottoline Brackwater"


def test_what_a_person_writes() -> None:
    """Parts, lists in both forms, numbers, yes and no, comments, several lines, nothing."""
    text = """\
# A form.
language: en
people: {conversation: false, parties: 2}
purposes:
  - train
  - evaluate
declared: {adult: yes, sensitive: [health, religion]}
title: |
  Two
  lines
quality:
"""
    assert load_plain(text) == {
        "language": "en", "people": {"conversation": False, "parties": 2}, "purposes": ["train", "evaluate"],
        "declared": {"adult": True, "sensitive": ["health", "religion"]}, "title": "Two\nlines\n", "quality": None,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_nothing_is_nothing(text: str) -> None:
    """Not an empty part: whoever reads it decides what that means."""
    assert load_plain(text) is None
    assert compose_plain(text) is None


@pytest.mark.parametrize("value", ["2031-01-01", "2031-01-01T00:00:00Z", "2031-01-01 10:00:00"])
def test_dates_stay_text(value: str) -> None:
    """As in a row: no zone is guessed."""
    assert load_plain(f"expires: {value}") == {"expires": value}


PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=126))
NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | PLAIN,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
        max_leaves=12,
    )
)
def test_json_is_read_as_json(value: object) -> None:
    """JSON is YAML: the same value comes out, quoted or not."""
    assert load_plain(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"a: &x {MARKER}\nb: *x\n", "an alias or anchor at line 1 column 4"),
        ("a: 1\nb: *nowhere\n", "an alias or anchor at line 2 column 4"),
        ("base: &base {a: 1}\nb:\n  <<: *base\n", "an alias or anchor"),
        (f"a: !!python/object/apply:os.system ['{MARKER}']\n", "a tag at line 1"),
        ("a: !!binary aGVsbG8=\n", "a tag"),
        ("a: !own b\n", "a tag"),
        (f"tier: public\nname: {MARKER}\ntier: federated\n", "a key given twice in the part at line 1"),
        ("a:\n  b: 1\n  b: 2\n", "a key given twice in the part at line 2"),
        ("- {a: 1, a: 2}\n", "a key given twice"),
        ("a: [1, 2\n", "not YAML"),
        (f"a: 'b\n{MARKER}\n", "not YAML"),
        ("a: b: c\n", "not YAML at line 1"),
        ("\tb: c\n", "not YAML"),
        ("a: \x00\n", "not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("? [a, b]\n: c\n", "not YAML"),
        ("a: " + "[" * (MAX_YAML_DEPTH + 1) + "]" * (MAX_YAML_DEPTH + 1), f"deeper than {MAX_YAML_DEPTH} levels"),
        ("a: " + "{b: " * (MAX_YAML_DEPTH + 1) + "1" + "}" * (MAX_YAML_DEPTH + 1), f"deeper than {MAX_YAML_DEPTH}"),
        ("a: " + "9" * 5000, "a number that cannot be read"),
        ("#" * (MAX_YAML_CHARACTERS + 1), f"longer than {MAX_YAML_CHARACTERS} characters"),
    ],
)  # fmt: skip
def test_what_is_not_read(text: str, said: str) -> None:
    """Named with its place; the text is not quoted."""
    with pytest.raises(NotPlainYaml, match=said) as caught:
        load_plain(text)
    assert MARKER not in str(caught.value)
    assert len(str(caught.value)) < 120


def test_a_depth_and_a_length_that_are_allowed() -> None:
    """The limits themselves are inside."""
    deepest = "[" * MAX_YAML_DEPTH + "]" * MAX_YAML_DEPTH
    assert load_plain(deepest) is not None
    text = "a: 1\n"
    assert load_plain(text + "#" * (MAX_YAML_CHARACTERS - len(text))) == {"a": 1}


def test_lines_that_stand_for_gigabytes_are_refused_at_the_first_anchor() -> None:
    """A billion laughs: seen in the events, before a node is made."""
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    with pytest.raises(NotPlainYaml, match="line 1"):
        load_plain("\n".join(lines))


def test_a_hundred_thousand_open_lists_are_refused_at_the_limit() -> None:
    """By the depth, not by Python's own stack."""
    with pytest.raises(NotPlainYaml, match="nested deeper"):
        load_plain("[" * 100_000)
