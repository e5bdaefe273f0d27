"""Strict parsing and canonical bytes."""

import contextlib
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from substrate.record.canonical import MAX_DEPTH, MAX_DOCUMENT_BYTES, canonical_bytes, check_profile, parse_strict
from substrate.record.errors import MalformedDocument

MARKER = "Grandmother's-maiden-name"
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["\u2028\u2029", "\x00\x08\x0c\x1f\x7f", "\U0001f600é", "\ufeff", '"\\/', "\ufb33\ud7ff\ue000"]
)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    STRINGS | INTEGERS | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=6)


@given(OBJECTS)
def test_the_fast_path_gives_the_bytes_of_rfc_8785(value: dict) -> None:
    """Within the profile sorted `json.dumps` and the reference implementation agree, byte for byte."""
    check_profile(value)
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(OBJECTS)
def test_parsing_canonical_bytes_gives_the_value_back(value: dict) -> None:
    """Canonical bytes are read as the same value with the same types, and are canonical again."""
    raw = canonical_bytes(value)
    parsed = parse_strict(raw)
    assert parsed == value
    assert canonical_bytes(parsed) == raw


@given(OBJECTS)
def test_white_space_escapes_and_order_do_not_matter(value: dict) -> None:
    """Any other JSON spelling of the same value has the same canonical bytes."""
    spelled = json.dumps(dict(reversed(value.items())), indent=2, ensure_ascii=True).encode()
    assert canonical_bytes(parse_strict(spelled)) == canonical_bytes(value)


REFUSED = {
    "duplicate keys": (b'{"a":"%s","a":1}', "twice"),
    "duplicate keys, one escaped": (b'{"b":"%s","a":1,"\\u0061":1}', "twice"),
    "duplicate keys below": (b'{"b":[{"a":"%s","a":1}]}', "twice"),
    "a float": (b'{"a":"%s","b":1.5}', "not an integer"),
    "a float without a fraction": (b'{"a":"%s","b":1.0}', "not an integer"),
    "an exponent": (b'{"a":"%s","b":1e5}', "not an integer"),
    "an infinite exponent": (b'{"a":"%s","b":1e400}', "not an integer"),
    "NaN": (b'{"a":"%s","b":NaN}', "NaN"),
    "Infinity": (b'{"a":"%s","b":Infinity}', "Infinity"),
    "minus Infinity": (b'{"a":"%s","b":-Infinity}', "Infinity"),
    "2^53": (b'{"a":"%s","b":9007199254740992}', "2^53"),
    "minus 2^53": (b'{"a":"%s","b":-9007199254740992}', "2^53"),
    "a number of 5,000 digits": (b'{"a":"%s","b":' + b"9" * 5000 + b"}", "2^53"),
    "null": (b'{"a":"%s","b":null}', "null"),
    "null in a list": (b'{"a":"%s","b":[null]}', "null"),
    "a lone high surrogate": (b'{"a":"%s\\ud800"}', "surrogate"),
    "a lone low surrogate": (b'{"a":"%s\\udc00"}', "surrogate"),
    "surrogates the wrong way round": (b'{"a":"%s\\udc00\\ud800"}', "surrogate"),
    "a surrogate in a key": (b'{"a":"%s","\\ud800":1}', "ASCII"),
    "a key that is not ASCII": ('{"a":"%s","é":1}'.encode(), "ASCII"),
    "deep lists": (b'{"a":"%s","b":' + b"[" * 30 + b"]" * 30 + b"}", "deeper"),
    "100,000 open brackets": (b'{"a":"%s","b":' + b"[" * 100_000, "deeper"),
    "100,000 open braces": (b'{"%s":' + b'{"a":' * 40_000, "deeper"),
    "too long": (b'{"a":"%s' + b"x" * MAX_DOCUMENT_BYTES + b'"}', "longer"),
    "not UTF-8": (b'{"a":"%s\xff"}', "UTF-8"),
    "an overlong form": (b'{"a":"%s\xc0\xaf"}', "UTF-8"),
    "a surrogate in UTF-8": (b'{"a":"%s\xed\xa0\x80"}', "UTF-8"),
    "UTF-16": ('{"a":"' + MARKER + '"}').encode("utf-16"),
    "a list": (b'["%s"]', "object"),
    "a string": (b'"%s"', "object"),
    "a number": (b"7", "object"),
    "after the end": (b'{"a":"%s"}{', "not JSON"),
    "text after the end": (b'{"a":"b"} %s', "not JSON"),
    "a byte-order mark": (b'\xef\xbb\xbf{"a":"%s"}', "not JSON"),
    "cut off": (b'{"a":"%s"', "not JSON"),
    "a raw control character": (b'{"a":"%s\n"}', "not JSON"),
    "a bad escape": (b'{"a":"\\x%s"}', "not JSON"),
    "a bad unicode escape": (b'{"a":"\\u12 %s"}', "not JSON"),
    "a bare word": (b'{"a":%s}', "not JSON"),
    "single quotes": (b"{'a':'%s'}", "not JSON"),
    "nothing": (b"", "not JSON"),
    "a comma too many": (b'{"a":"%s",}', "not JSON"),
    "a leading zero": (b'{"a":"%s","b":01}', "not JSON"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_outside_the_profile_is_refused_without_quoting_it(name: str) -> None:
    """Each broken rule is named, and the message never holds anything of the input."""
    case = REFUSED[name]
    raw, rule = case if isinstance(case, tuple) else (case, "UTF-8")
    with pytest.raises(MalformedDocument) as caught:
        parse_strict(raw.replace(b"%s", MARKER.encode()))
    assert rule in str(caught.value)
    assert "maiden" not in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.binary(max_size=80) | st.text(max_size=40).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    """No input leads to any other exception."""
    with contextlib.suppress(MalformedDocument):
        check_profile(parse_strict(raw))


@pytest.mark.parametrize("value", [1.0, None, 2**53, b"", (1,), {"a": {1: 2}}, {"é": 1}, {"a": "\ud800"}])
def test_check_profile_refuses_what_cannot_be_signed(value: object) -> None:
    """Values made in Python go through the same profile before they are signed."""
    with pytest.raises(MalformedDocument):
        check_profile({"a": value})


def test_brackets_in_strings_are_no_depth() -> None:
    """A text about brackets is no depth bomb, also behind an escaped quote."""
    value = {"a": '\\"' + "[{" * 500, "b": "[" * 500}
    assert parse_strict(canonical_bytes(value)) == value


def test_the_deepest_admitted_document_is_read() -> None:
    """The limit is exact: one level less than refused is fine."""
    fits = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert parse_strict(fits)
    with pytest.raises(MalformedDocument, match="deeper"):
        parse_strict(fits.replace(b"[", b"[[", 1).replace(b"]", b"]]", 1))


def test_nulls_count_as_absent_only_where_asked() -> None:
    """Rows may say null for "no answer"; documents may not."""
    raw = b'{"a":null,"b":{"c":null,"d":[{"e":null}]}}'
    assert parse_strict(raw, nulls=True) == {"b": {"d": [{}]}}
    with pytest.raises(MalformedDocument, match="null"):
        parse_strict(b'{"a":[null]}', nulls=True)
