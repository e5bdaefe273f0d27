"""The search that the erasure stories lean on: it finds what an item alone holds, and only that."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from home_scanner import _unique, search, traces_of

ALONE = ("text", "record", "receipt")


def test_the_item_is_found_in_its_own_home(small: Any) -> None:
    """A search that finds nothing before an erasure would prove nothing after it."""
    found = {name for name, _ in search(small.path, traces_of(small.path, small.ids["conversation"]))}
    assert set(ALONE) <= found


def test_a_time_is_no_trace(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item that was the only one of its minute is not found in what is made in that minute later."""
    import home_scanner

    real: Callable[..., bytes] = home_scanner._what_others_have
    earlier = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d")
    monkeypatch.setattr(home_scanner, "_what_others_have", lambda *a: earlier.sub(b"2020-01-01T00:00", real(*a)))
    traces = traces_of(small.path, small.ids["conversation"])
    minute = re.compile(rb"20\d\d-\d\d-|T\d\d:\d")
    assert not [block for name in ALONE for block in traces[name] if minute.search(block)]


def test_a_copied_text_is_found_however_it_is_kept(small: Any, tmp_path: Path) -> None:
    traces = traces_of(small.path, small.ids["conversation"])
    (tmp_path / "left.bin").write_bytes(b"before" + traces["text"][0] + b"after")
    assert ("text", "left.bin") in search(tmp_path, traces)


def test_the_end_of_a_signature_and_what_always_follows_is_no_trace() -> None:
    """One signature in 58 ends with the same letter; what follows it is the same in every document."""
    follows = b'","type":"DataIntegrityProof","verificationMethod":"'
    own, other = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNg", b"ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmx"
    found = _unique(b"." * 7 + own + follows, other + follows)
    assert found
    assert not [block for block in found if block in b"another signature that ends with g" + follows]
