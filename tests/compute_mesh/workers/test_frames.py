"""Frames and events: what goes in comes out, and nothing that a stranger says does more than raise `BadFrame`."""

import contextlib
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute_mesh.workers.frames import MOST_MESSAGE, MOST_PIECE, BadFrame, packed, parsed, piece_bytes, pieces
from compute_mesh.workers.messages import Cleared, Data, Failed, Piece, Progress, Ready, Result, event_of

pytestmark = pytest.mark.bare
EVENTS: list[dict[str, Any]] = [
    {"event": "ready", "engine": {"model": "x"}},
    {"event": "cleared"},
    {"event": "progress", "job": 1, "done": 2, "of": 3, "note": "step", "figure": 1.5},
    {"event": "piece", "job": 1, "index": 0, "text": "é"},
    {"event": "data", "job": 1, "name": "vectors", "data": "AAE=", "last": True},
    {"event": "result", "job": 1, "value": {"a": [1]}},
    {"event": "failed", "job": 1, "rule": "TooLarge"},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def test_every_event_comes_through() -> None:
    found = [event_of(parsed(packed(dict(event))[4:])) for event in EVENTS]
    assert found == [
        Ready({"model": "x"}),
        Cleared(),
        Progress(1, 2, 3, "step", 1.5),
        Piece(1, 0, "é"),
        Data(1, "vectors", b"\x00\x01", True),
        Result(1, {"a": [1]}),
        Failed(1, "TooLarge"),
    ]


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_a_changed_event_is_refused_or_is_one(data: st.DataObject) -> None:
    event = dict(data.draw(st.sampled_from(EVENTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        key = data.draw(st.sampled_from([*event, "job", "more"]))
        if data.draw(st.booleans()):
            event[key] = data.draw(JSON)
        else:
            event.pop(key, None)
    with suppress(BadFrame):
        event_of(parsed(json.dumps(event).encode()))


@given(st.binary(max_size=200))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_refused_or_are_an_object(data: bytes) -> None:
    with contextlib.suppress(BadFrame):
        assert isinstance(parsed(data), dict)


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b'{"a":' * 100_000, b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff", b"", b"1", b'{"a":1e999999}x'],
)
def test_what_no_worker_says(data: bytes) -> None:
    with pytest.raises(BadFrame):
        parsed(data)


@pytest.mark.parametrize(
    ("event", "field", "value"),
    [("progress", "done", -1), ("progress", "done", True), ("progress", "done", 1 << 60), ("progress", "note", "A\n"),
     ("progress", "figure", "x"), ("piece", "text", "\ud800"), ("piece", "text", 1), ("data", "data", "?"),
     ("data", "name", "../a"), ("data", "last", 1), ("result", "value", []), ("failed", "rule", "a b"),
     ("failed", "rule", "x" * 61), ("ready", "engine", None), ("data", "data", "A" * (MOST_PIECE * 2))],
)  # fmt: skip
def test_a_field_that_is_not_what_it_should_be(event: str, field: str, value: Any) -> None:
    (message,) = [dict(one) for one in EVENTS if one["event"] == event]
    with pytest.raises(BadFrame):
        event_of({**message, field: value})


def test_large_things_go_in_pieces() -> None:
    data = bytes(range(256)) * 5000
    parts = pieces(data)
    assert len(parts) == 3
    assert b"".join(map(piece_bytes, parts)) == data
    assert [piece_bytes(one) for one in pieces(b"")] == [b""]
    with pytest.raises(ValueError, match="at most"):
        packed({"text": "x" * MOST_MESSAGE})
