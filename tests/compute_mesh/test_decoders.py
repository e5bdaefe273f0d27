"""No bytes of a peer crash a decoder, or make it take memory that they do not have themselves."""

import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from decoders import decoders, try_one

MIB = 1 << 20


@st.composite
def hostile(draw: Any, seeds: tuple[bytes, ...]) -> bytes:
    """Any bytes, or a valid example that was cut, doubled or changed in some places."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(("set", "cut", "insert", "double")))
        if kind == "set" and at < len(data):
            data[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, 40))]
        elif kind == "insert":
            data[at:at] = draw(st.binary(min_size=1, max_size=9))
        elif len(data) < 20_000:
            data += data[at:]
    return bytes(data)


#: Those of which the example is a whole conversation, so that reading it ends well.
WHOLE = (
    "frame", "address", "ticket", "announcement", "ledger message", "blob request", "blob answer, PIECE", "blob ends",
    "job, as a worker reads", "job, as a submitter reads",
)  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_valid_examples_are_read(name: str) -> None:
    for seed in decoders()[name].seeds:
        decoders()[name].read(seed)


@pytest.mark.parametrize("name", decoders())
@settings(max_examples=25)
@given(data=st.data())
def test_whatever_comes_is_read_or_breaks_a_named_rule(name: str, data: Any) -> None:
    decoder = decoders()[name]
    try_one(decoder, data.draw(hostile(decoder.seeds)))


@pytest.mark.parametrize("name", decoders())
def test_announced_sizes_cost_no_memory(name: str) -> None:
    decoder = decoders()[name]
    try_one(decoder, decoder.seeds[0])
    large = [b"\xff" * 64, b"\x7f\xff\xff\xff" * 16, b"\0\x0f\xff\xff" + b"\0" * 60]
    large += [bytes([first]) + b"\xff" * 100 for first in range(13)]
    tracemalloc.start()
    try:
        for data in large:
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            try_one(decoder, data)
            _, peak = tracemalloc.get_traced_memory()
            assert peak - before < MIB + decoder.factor * len(data), data[:4]
    finally:
        tracemalloc.stop()
