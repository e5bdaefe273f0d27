"""Strict JSON in, canonical bytes out (RFC 8785, profile ``p2plecs-consent-1``).

The profile: objects, arrays, strings, booleans and integers up to 2^53-1 in size; ASCII keys; no floats, no
null, no duplicate keys, no lone surrogates. Within it `json.dumps` with sorted keys gives the bytes of
RFC 8785 (a property test holds it against the `rfc8785` package), about nine times faster.
"""

import hashlib
import json
import re
from typing import Any, Final

from substrate.record.errors import MalformedDocument

JsonObject = dict[str, Any]

MAX_DOCUMENT_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 24
MAX_INTEGER: Final = 2**53 - 1
#: Commas outside strings: a few bytes each in a file, a hundred in memory.
MAX_MEMBERS: Final = 500_000

#: A string, closed or not, in one pass: the groups never give back what they took.
_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")

_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def canonical_bytes(value: JsonObject | list[Any]) -> bytes:
    """The RFC 8785 bytes of a value within the profile (checked by `parse_strict` or `check_profile`)."""
    return _encode(value).encode("utf-8")


def digest(value: JsonObject) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal digits: how one document cites another."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def parse_strict(raw: bytes, *, max_bytes: int = MAX_DOCUMENT_BYTES, nulls: bool = False) -> JsonObject:
    """Parse one JSON object within the profile; with ``nulls``, a null counts as a key that is not there.

    Raises:
        MalformedDocument: naming the rule that was broken, never quoting the input.
    """
    if len(raw) > max_bytes:
        raise MalformedDocument(f"longer than {max_bytes} bytes")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedDocument(f"not UTF-8 at byte {error.start}") from None
    _refuse_large_structure(text)
    try:
        value = _decode(text)
    except json.JSONDecodeError as error:
        raise MalformedDocument(f"not JSON: {_reason(error)} at line {error.lineno} column {error.colno}") from None
    if not isinstance(value, dict):
        raise MalformedDocument("not a JSON object")
    if nulls:
        value = _without_nulls(value)
    if not _plain(raw):
        check_profile(value)
    parsed: JsonObject = value
    return parsed


def check_profile(value: Any) -> None:
    """Refuse null, floats, large integers, non-ASCII keys and lone surrogates anywhere in ``value``.

    Raises:
        MalformedDocument: naming the rule that was broken.
    """
    stack: list[tuple[Any, int]] = [(value, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise MalformedDocument(f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, dict):
            for key in node:
                if not isinstance(key, str) or not key.isascii():
                    raise MalformedDocument("a key that is not ASCII text")
            stack.extend((child, depth + 1) for child in node.values())
        elif isinstance(node, list):
            stack.extend((child, depth + 1) for child in node)
        else:
            _check_scalar(node)


def _plain(raw: bytes) -> bool:
    """Whether nothing that `check_profile` looks for can be in it: the parser's hooks have refused the rest.

    Without escapes and beyond-ASCII bytes there are neither surrogates nor such keys; ``null`` must not even
    stand in a string; so few brackets cannot nest too deep.
    """
    return raw.isascii() and b"\\u" not in raw and b"null" not in raw and raw.count(b"[") + raw.count(b"{") < MAX_DEPTH


def _check_scalar(node: Any) -> None:
    if isinstance(node, str):
        if not node.isascii() and any("\ud800" <= char <= "\udfff" for char in node):
            raise MalformedDocument("a lone surrogate in a string")
    elif isinstance(node, bool):
        return
    elif isinstance(node, int):
        if abs(node) > MAX_INTEGER:
            raise MalformedDocument("an integer beyond 2^53-1")
    elif node is None:
        raise MalformedDocument("null is not in the profile; leave the key out")
    else:
        raise MalformedDocument("a number that is not an integer")


def _refuse_large_structure(text: str) -> None:
    """Count brackets and members before the parser makes objects of them; those inside strings do not count."""
    if text.count("[") + text.count("{") <= MAX_DEPTH and text.count(",") <= MAX_MEMBERS:
        return
    bare = _STRING.sub("", text)
    if bare.count(",") > MAX_MEMBERS:
        raise MalformedDocument(f"more than {MAX_MEMBERS} members")
    depth = 0
    for bracket in _BRACKET.findall(bare):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise MalformedDocument(f"nested deeper than {MAX_DEPTH} levels")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(child) for key, child in value.items() if child is not None}
    return [_without_nulls(child) for child in value] if isinstance(value, list) else value


def _unique_keys(pairs: list[tuple[str, Any]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedDocument("a key given twice in one object")
    return result


def _refuse_constant(_: str) -> Any:
    raise MalformedDocument("NaN and Infinity are not in the profile")


def _refuse_float(_: str) -> Any:
    raise MalformedDocument("a number that is not an integer")


def _bounded_int(digits: str) -> int:
    # Longer than any 2^53: refused before Python spends quadratic time on converting it.
    if len(digits) > 17:
        raise MalformedDocument("an integer beyond 2^53-1")
    number = int(digits)
    if abs(number) > MAX_INTEGER:
        raise MalformedDocument("an integer beyond 2^53-1")
    return number


_decode: Final = json.JSONDecoder(
    object_pairs_hook=_unique_keys,
    parse_constant=_refuse_constant,
    parse_float=_refuse_float,
    parse_int=_bounded_int,
).decode


def _reason(error: json.JSONDecodeError) -> str:
    """The parser's reason without what it may quote from the input."""
    return error.msg.split(":")[0].split("'")[0].strip()
