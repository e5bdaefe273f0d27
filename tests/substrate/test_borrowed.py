"""Published texts of other nodes: sealed alike by every holder, opened only when they are what the row says."""

from pathlib import Path

import pytest

from substrate.record.errors import BadInclusion
from substrate.store.borrowed import Borrowed, BorrowedText
from substrate.store.errors import NotFound, Tampered
from substrate.store.sealed import open_text, seal_text, sealing_key
from substrate.store.vault import commitment

SALT, TEXT = bytes(range(32)), b"A story about a borrowed spade."
ROW = commitment(SALT, TEXT)
URN = "urn:uuid:12345678-1234-1234-1234-123456789abc"


def test_every_holder_seals_alike_and_the_key_opens() -> None:
    name, sealed = seal_text(ROW, SALT, TEXT)
    assert (name, sealed) == seal_text(ROW, SALT, TEXT)
    assert TEXT not in sealed
    assert open_text(ROW, sealing_key(ROW, SALT), sealed) == (SALT, TEXT)


def test_what_does_not_open_or_is_another_text_is_refused() -> None:
    _, sealed = seal_text(ROW, SALT, TEXT)
    other_row = commitment(SALT, b"another text")
    key = sealing_key(ROW, SALT)
    for row, used, data in (
        (ROW, bytes(32), sealed),
        (other_row, key, sealed),
        (ROW, key, sealed[:-1]),
        (ROW, key, b""),
    ):
        with pytest.raises(BadInclusion):
            open_text(row, used, data)
    _, forged = seal_text(other_row, SALT, TEXT)
    with pytest.raises(BadInclusion, match="commit"):
        open_text(other_row, sealing_key(other_row, SALT), forged)


def test_a_borrowed_text_is_kept_encrypted_and_destroyed(tmp_path: Path) -> None:
    borrowed = Borrowed(tmp_path / "borrowed", b"s" * 32)
    borrowed.put(BorrowedText(URN, ROW, SALT, TEXT, "CC0-1.0"))
    assert borrowed.get(URN) == BorrowedText(URN, ROW, SALT, TEXT, "CC0-1.0")
    assert list(borrowed.contributions()) == [URN]
    [file] = (tmp_path / "borrowed").iterdir()
    assert TEXT not in file.read_bytes()
    assert SALT not in file.read_bytes()
    with pytest.raises(Tampered):
        Borrowed(tmp_path / "borrowed", b"t" * 32).get(URN)
    assert borrowed.destroy(URN)
    assert not borrowed.destroy(URN)
    with pytest.raises(NotFound):
        borrowed.get(URN)
    with pytest.raises(NotFound):
        borrowed.get("urn:uuid:../../x")
