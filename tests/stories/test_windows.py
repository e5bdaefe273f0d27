"""The search for pieces of texts finds each of them, however it is written down."""

import base64
import json

import pytest
from windows import Windows

TEXT = "We sat by the stove, and \u00e9milie told of the flood.".encode()
AROUND = b"\x00\x01 nothing of it \xff"


@pytest.mark.parametrize("start", [0, 1, 2, 17, len(TEXT) - 12])
def test_every_window_is_found_in_every_way(start: int) -> None:
    wanted, piece = Windows([TEXT]), TEXT[start : start + 12]
    ways = [piece, piece.hex().encode(), piece.decode("latin-1").encode("utf-16-le")]
    for data in ways:
        assert wanted.found_in(AROUND + data + AROUND)
    for before in range(3):
        assert wanted.found_in(base64.b64encode(b"a" * before + piece + b"zz"))
    escaped = json.dumps(TEXT.decode())[1:-1].encode()
    assert wanted.found_in(escaped)


def test_what_is_public_proves_nothing_and_other_bytes_hold_nothing() -> None:
    wanted = Windows([TEXT], public=b"they " + TEXT[:20])
    assert wanted.left_out == 9
    assert not wanted.found_in(TEXT[:20])
    assert not wanted.found_in(AROUND * 50 + TEXT[:11])
