"""The vault: what is put in comes out, what was exchanged or changed is noticed, what is destroyed is gone."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from substrate.record.documents import read_document
from substrate.store.database import Database
from substrate.store.errors import NotFound, Tampered
from substrate.store.vault import Vault, commitment

KEY = b"\x07" * 32
COLUMNS = [
    ("items", "row"),
    ("items", "wrapped_key"),
    ("items", "sealed_text"),
    ("sealed", "body"),
    ("sealed", "digest"),
]


@pytest.fixture
def vault(tmp_path):
    """An empty vault."""
    database = Database(tmp_path / "ledger.sqlite3", create=True)
    yield Vault(database, KEY)
    database.close()


def fill(vault: Vault, commons, urn_of, count: int = 2) -> list[str]:
    """Items with a private document each."""
    names = [urn_of(f"item {n}") for n in range(count)]
    with vault.database.transaction() as connection:
        for n, name in enumerate(names):
            vault.put(connection, name, bytes([n]) * 32, b"the text of item %d" % n, federated=n == 1)
            vault.seal(connection, name, commons.write("CoConsent", commons.record_key, name, contribution=name))
    return names


def read(vault: Vault, name: str) -> None:
    """Everything of one item."""
    vault.get(name)
    vault.private(name)


def test_what_is_put_in_comes_out(vault, commons, urn_of) -> None:
    """Text, salt, row and private documents."""
    names = fill(vault, commons, urn_of)
    for n, name in enumerate(names):
        kept = vault.get(name)
        assert (kept.salt, kept.text) == (bytes([n]) * 32, b"the text of item %d" % n)
        assert kept.row == commitment(kept.salt, kept.text)
        (raw,) = vault.private(name, "CoConsent")
        assert read_document(raw).subject == name
        assert vault.private(name, "ConsentRecord") == []
    assert vault.contributions() == {names[0]: False, names[1]: True}
    assert [kept.contribution for kept in vault.all()] == names


@given(st.binary(max_size=300), st.binary(min_size=32, max_size=32))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_under_any_salt(vault, text: bytes, salt: bytes) -> None:
    """Empty ones included."""
    with vault.database.transaction() as connection:
        vault.destroy(connection, "x")
        vault.put(connection, "x", salt, text, federated=False)
    assert (vault.get("x").salt, vault.get("x").text) == (salt, text)


def test_nothing_readable_is_in_the_file(vault, commons, urn_of) -> None:
    """Neither text nor salt nor a party's name stands in the database or its log."""
    fill(vault, commons, urn_of)
    data = b"".join(p.read_bytes() for p in vault.database.path.parent.iterdir())
    assert b"items" in data
    for secret in (b"the text of item", b"\x01" * 32, b"Speaker B"):
        assert secret not in data


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_changed_byte_in_any_column_is_noticed(vault, commons, urn_of, table: str, column: str) -> None:
    """The message names the contribution and shows nothing of it; the other item is untouched."""
    first, second = fill(vault, commons, urn_of)
    connection = vault.database.connection
    (stored,) = connection.execute(f"SELECT {column} FROM {table} WHERE contribution = ?", (first,)).fetchone()  # noqa: S608
    for position in range(0, len(stored), max(1, len(stored) // 40)):
        if isinstance(stored, bytes):
            changed = stored[:position] + bytes([stored[position] ^ 1]) + stored[position + 1 :]
        else:
            changed = stored[:position] + ("0" if stored[position] != "0" else "1") + stored[position + 1 :]
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE contribution = ?", (changed, first))  # noqa: S608
        with pytest.raises(Tampered, match=first) as caught:
            read(vault, first)
        assert "item 0" not in str(caught.value)
    read(vault, second)


@pytest.mark.parametrize(
    "columns",
    [
        ("items", "wrapped_key"),
        ("items", "sealed_text"),
        ("items", "wrapped_key, sealed_text"),
        ("items", "row"),
        ("sealed", "body"),
    ],
)
def test_exchanged_ciphertexts_are_noticed(vault, commons, urn_of, columns) -> None:
    """Each is bound to its contribution and part, so whole rows cannot change places either."""
    first, second = fill(vault, commons, urn_of)
    table, names = columns
    connection = vault.database.connection
    one, two = (
        connection.execute(f"SELECT {names} FROM {table} WHERE contribution = ?", (name,)).fetchone()  # noqa: S608
        for name in (first, second)
    )
    assignment = ", ".join(f"{name} = ?" for name in names.split(", "))
    for values, name in ((two, first), (one, second)):
        connection.execute(f"UPDATE {table} SET {assignment} WHERE contribution = ?", (*values, name))  # noqa: S608
    for name in (first, second):
        with pytest.raises(Tampered, match=name):
            read(vault, name)


def test_an_item_that_was_given_another_name_is_noticed(vault, commons, urn_of) -> None:
    """The name is part of what is sealed."""
    first, _ = fill(vault, commons, urn_of)
    for table in ("items", "sealed"):
        vault.database.connection.execute(f"UPDATE {table} SET contribution = 'x' WHERE contribution = ?", (first,))  # noqa: S608
    with pytest.raises(Tampered, match="of x"):
        read(vault, "x")


def test_another_vault_key_opens_nothing(vault, commons, urn_of) -> None:
    """And says what may be wrong."""
    first, _ = fill(vault, commons, urn_of)
    with pytest.raises(Tampered, match=r"home\.json"):
        Vault(vault.database, b"\x08" * 32).get(first)


def test_what_is_destroyed_is_gone(vault, commons, urn_of) -> None:
    """Item and private documents; the other stays; twice is not an error."""
    first, second = fill(vault, commons, urn_of)
    (body,) = vault.database.connection.execute(
        "SELECT sealed_text FROM items WHERE contribution = ?", (first,)
    ).fetchone()
    with vault.database.transaction() as connection:
        assert vault.destroy(connection, first)
        assert not vault.destroy(connection, first)
    for reading in (vault.get, vault.private):
        with pytest.raises(NotFound):
            reading(first)
    read(vault, second)
    assert vault.database.forget()
    assert bytes(body) not in vault.database.path.read_bytes()


def test_a_write_that_fails_leaves_nothing(vault, commons, urn_of) -> None:
    """Put and seal stand or fall with the caller's transaction."""
    with pytest.raises(RuntimeError), vault.database.transaction() as connection:  # noqa: PT012
        vault.put(connection, "x", bytes(32), b"text", federated=False)
        raise RuntimeError
    assert vault.contributions() == {}


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_salt_has_32_bytes(length: int) -> None:
    """HMAC pads other keys, so two salts could give one row."""
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(bytes(length), b"text")


def test_the_commitment_is_hmac_sha_256() -> None:
    """By its definition (RFC 2104), not by the library that we use."""
    salt, text = bytes(range(32)), b"text"
    pad = salt.ljust(64, b"\x00")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in pad) + text).digest()
    assert commitment(salt, text) == hashlib.sha256(bytes(b ^ 0x5C for b in pad) + inner).hexdigest()
