"""Verification of a home: one changed byte anywhere is named, or has changed nothing that was signed."""

import random
import sqlite3
from pathlib import Path

import pytest

from substrate.store.errors import HomeError
from substrate.store.home import PIN, open_home
from substrate.store.verify import verify_home

TABLES = {
    "documents": "digest, kind, subject, signer, code, timed, body",
    "logs": "origin, own, size, peaks",
    "leaves": "log, idx, class, digest",
    "nodes": "log, level, idx, hash",
    "heads": "log, size, root, checkpoint",
    "items": "contribution, row, federated, wrapped_key, sealed_text",
    "sealed": "contribution, kind, digest, body",
}


def problems(path: Path) -> list[str]:
    """What verification says, whether it gets as far as opening the home or not."""
    try:
        with open_home(path) as home:
            return verify_home(home).problems
    except HomeError as error:
        return [str(error)]


def signed_content(path: Path) -> dict[str, list[tuple]]:
    """Everything that was signed or sealed, whatever its place in the file."""
    connection = sqlite3.connect(path / "ledger.sqlite3")
    connection.text_factory = bytes
    try:
        return {
            table: sorted(map(repr, connection.execute(f"SELECT {columns} FROM {table} NOT INDEXED")))  # noqa: S608
            for table, columns in TABLES.items()
        }
    finally:
        connection.close()


@pytest.fixture
def made(home_with_texts):
    """A small home whose database is one closed file."""
    made = home_with_texts()
    with made.open() as home:
        home.blobs.put(b"a manifest")
        home.keyring.create("steward")
        home.keyring.create_contributor("heteronym", "Alice")
        assert home.database.forget()
    return made


def test_a_sound_home_has_no_problems(made) -> None:
    """Counts included."""
    with made.open() as home:
        report = verify_home(home)
    assert (report.problems, report.ok, report.documents, report.logs, report.forks) == ([], True, 7, 1, 0)


def test_one_flipped_byte_in_the_database(made) -> None:
    """Places spread over all pages: either verification reports it, or nothing signed has changed."""
    path = made.path / "ledger.sqlite3"
    sound, before = path.read_bytes(), signed_content(made.path)
    draw, unnoticed = random.Random(7), 0
    full = [n for n in range(len(sound)) if sound[n]]
    for position in [*sorted(draw.sample(full, 260)), 18, 19, 24, 28, 60, 96]:
        changed = bytearray(sound)
        changed[position] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        found = problems(made.path)
        if not found:
            unnoticed += 1
            assert signed_content(made.path) == before, f"byte {position} was changed and nobody noticed"
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
    path.write_bytes(sound)
    assert problems(made.path) == []
    assert unnoticed < 130, "most changes are noticed; the rest lies in unused space or in indexes"


def test_one_flipped_byte_in_any_other_file(made) -> None:
    """The pin, each key and each blob: every single byte of them matters."""
    files = [p for p in made.path.rglob("*") if p.is_file() and "sqlite3" not in p.name]
    assert {PIN, "node.json", "home.json", "steward.json"} < {p.name for p in files}
    for path in files:
        sound = path.read_bytes()
        for position in range(0, len(sound), 5):
            path.write_bytes(sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :])
            assert problems(made.path), f"{path.name}: byte {position}"
        path.write_bytes(sound)
    assert problems(made.path) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE items SET federated = 1 - federated", "another tier"),
        ("UPDATE documents SET timed = 1 WHERE kind = 'ConsentFact'", "index beside it"),
        ("UPDATE documents SET subject = '' WHERE kind = 'ConsentFact'", "index beside it"),
        ("UPDATE documents SET signer = (SELECT signer FROM documents WHERE kind = 'Charter')", "index beside it"),
        ("UPDATE documents SET code = ''", "index beside it"),
        ("UPDATE documents SET body = (SELECT body FROM documents WHERE kind = 'Notice')", "digest"),
        ("DELETE FROM documents WHERE kind = 'ConsentFact'", "not here"),
        ("DELETE FROM documents WHERE kind = 'Charter'", "charter"),
        ("DELETE FROM heads", "under no signed head"),
        ("DELETE FROM heads WHERE size = (SELECT max(size) FROM heads)", "under no signed head"),
        ("UPDATE heads SET checkpoint = replace(checkpoint, 'A', 'B')", "head"),
        ("UPDATE heads SET size = size + 1", "head"),
        ("DELETE FROM leaves WHERE idx = (SELECT max(idx) FROM leaves)", "leaves"),
        ("DELETE FROM leaves WHERE idx = 1", "out of order"),
        ("UPDATE leaves SET class = 1 - class WHERE idx = 2", "tree node"),
        ("DELETE FROM nodes WHERE level = 1 AND idx = 0", "tree node"),
        ("UPDATE logs SET own = 0", "own"),
        ("UPDATE logs SET size = size - 1", "leaves"),
        ("UPDATE logs SET peaks = zeroblob(32)", "leaves"),
        ("DELETE FROM items WHERE item = 1", "is missing"),
        ("DELETE FROM sealed WHERE seq = 1", "record"),
        ("UPDATE sealed SET kind = 'CoConsent'", "index beside"),
        ("UPDATE items SET contribution = 'urn:uuid:x' WHERE item = 1", "urn:uuid:x"),
    ],
)
def test_what_somebody_with_the_file_could_change(made, change: str, named: str) -> None:
    """Valid SQL, so SQLite sees nothing wrong: the record does."""
    connection = sqlite3.connect(made.path / "ledger.sqlite3")
    assert connection.execute(change).rowcount > 0
    connection.commit()
    connection.close()
    found = problems(made.path)
    assert any(named in problem for problem in found), found


def test_a_log_rolled_back_behind_its_own_head_is_noticed(made) -> None:
    """A head over more leaves than are stored: this home's log lost its end."""
    from substrate.record.checkpoint import Head, sign_checkpoint

    with made.open() as home:
        head = Head(home.ledger.origin, 99, bytes(32))
        home.database.connection.execute(
            "INSERT INTO heads VALUES (1, 99, ?, ?)", (bytes(32), sign_checkpoint(head, home.node))
        )
        assert any("more leaves" in problem for problem in verify_home(home).problems)


def test_a_missing_or_changed_model_is_named(made) -> None:
    """An approval that this home's stewards gave is checked to the last file."""
    import hashlib

    from blake3 import blake3

    data = b"weights"
    file = {
        "path": "model.bin",
        "sha256": hashlib.sha256(data).hexdigest(),
        "blake3": blake3(data).hexdigest(),
        "bytes": 7,
    }
    with made.open() as home:
        with home.ledger.write() as writer:
            writer.add(made.commons.write("ModelApproval", made.commons.stewards[0], files=[file]))
        folder = home.models / "a-model-1.0"
        folder.mkdir(parents=True)
        assert any("model.bin is missing" in problem for problem in verify_home(home).problems)
        (folder / "model.bin").write_bytes(data)
        assert verify_home(home).problems == []
        (folder / "model.bin").write_bytes(b"weightz")
        assert any("model.bin was changed" in problem for problem in verify_home(home).problems)
        (folder / "model.bin").write_bytes(data)
        (folder / "hidden.py").write_bytes(b"")
        assert any("hidden.py" in problem for problem in verify_home(home).problems)
