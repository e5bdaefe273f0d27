"""Issue row 5: one byte changed in any kind of stored file; verification names what broke and where."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.dagster

TAMPERED, STOPPED, UNSAFE = 12, 14, 15


def flip(path: Path, place: int | None = None) -> None:
    """Change one bit of one byte."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if place is None else place] ^= 1
    path.write_bytes(data)


def flip_at(path: Path, needle: bytes) -> None:
    """Change one bit right after ``needle``."""
    flip(path, path.read_bytes().index(needle) + len(needle))


def flip_cell(small: Any, table: str, column: str, where: str = "1 = 1", place: int = -1) -> Any:
    """Change one byte of a stored value, as a disk would: in the file, without a word to SQLite's journal."""
    path = small.path / "ledger.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    query = f"SELECT {column} FROM {table} WHERE {where} ORDER BY rowid LIMIT 1"  # noqa: S608
    if table in ("leaves", "nodes", "heads"):
        query = query.replace("ORDER BY rowid ", "")
    (value,) = connection.execute(query).fetchone()
    changed = bytearray(value if isinstance(value, bytes) else str(value).encode())
    changed[place] ^= 1
    new = bytes(changed) if isinstance(value, bytes) else type(value)(changed.decode())
    unique = f"{column} = ?"
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {unique}", (new, value))  # noqa: S608
    connection.commit()
    connection.close()
    return value


def dump(path: Path) -> list[str]:
    """What a database says, as SQL."""
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def problems(small: Any, code: int = TAMPERED) -> str:
    """What `lecs ledger verify` names; it must not be content."""
    result = small.run("ledger", "verify", "--json")
    assert result.code == code, (result.out, result.err)
    answer = result.json
    if code == TAMPERED and "problems" in answer:
        assert answer["ok"] is False
        told = "\n".join(answer["problems"])
    else:
        told = answer["message"]
    assert told
    for text in small.texts.values():
        assert text[40:80] not in told
    assert "Traceback" not in result.err
    return told


def test_untouched(small: Any) -> None:
    """Nothing was changed: nothing is named."""
    answer = small.run("ledger", "verify", "--json").ok().json
    assert (answer["ok"], answer["problems"], answer["logs"], answer["forks"]) == (True, [], 1, 0)


CELLS = [
    ("documents", "body", "kind = 'ConsentFact'", -5, "ConsentFact"),
    ("documents", "body", "kind = 'Charter'", 300, "Charter"),
    ("documents", "signer", "kind = 'Policy'", -1, "Policy"),
    ("documents", "subject", "kind = 'ConsentFact'", -1, "ConsentFact"),
    ("documents", "code", "code != ''", -1, "ConsentFact"),
    ("leaves", "digest", "idx = 7", -1, "log …"),
    ("nodes", "hash", "level = 1 AND idx = 2", 3, "tree node 1/2"),
    ("heads", "checkpoint", "size > 5", 100, "head "),
    ("heads", "root", "size > 5", 0, "head "),
    ("logs", "peaks", "own = 1", 0, "log …"),
    ("items", "sealed_text", "federated = 0", 40, "vault: the text of "),
    ("items", "wrapped_key", "federated = 0", 40, "vault: the key of "),
    ("items", "row", "federated = 0", -1, "urn:uuid:"),
    ("sealed", "body", "kind = 'ConsentRecord'", 60, "vault: a ConsentRecord of "),
    ("sealed", "body", "kind = 'CoConsent'", 60, "vault: a CoConsent of "),
]


@pytest.mark.parametrize(
    ("table", "column", "where", "place", "named"),
    CELLS,
    ids=[f"{cell[0]}.{cell[1]}-{n}" for n, cell in enumerate(CELLS)],
)
def test_ledger_and_vault(table: str, column: str, where: str, place: int, named: str, small: Any) -> None:
    """Each table of the ledger: exit 12, and the problem names the document, head, node or item."""
    flip_cell(small, table, column, where, place)
    assert named in problems(small)


def test_a_leaf_that_is_no_digest(small: Any) -> None:
    """A bit that makes a digit something else: the leaf is named, and so is what else is damaged."""
    connection = sqlite3.connect(small.path / "ledger.sqlite3")
    connection.execute("UPDATE leaves SET digest = 'g' || substr(digest, 2) WHERE idx = 7")
    connection.execute("UPDATE items SET federated = 0")
    connection.commit()
    connection.close()
    told = problems(small)
    assert "leaf 7" in told
    assert small.ids["federated"] in told


def test_a_federated_item_that_claims_not_to_be(small: Any) -> None:
    """The column that keeps a text from leaving the machine is compared with the fact."""
    connection = sqlite3.connect(small.path / "ledger.sqlite3")
    connection.execute("UPDATE items SET federated = 0")
    connection.commit()
    connection.close()
    assert small.ids["federated"] in problems(small)


def test_a_manifest(small: Any) -> None:
    """A blob is named by its hash: its path is in the problem, for the home and for the version."""
    blob = Path(small.run("dataset", "show", small.version, "--json").ok().json["path"])
    flip(blob)
    assert f"blobs/{blob.name[:2]}/{blob.name}" in problems(small)
    verified = small.run("dataset", "verify", small.version, "--json")
    assert verified.code == TAMPERED
    assert blob.name in verified.json["problems"][0]


def test_a_model_file(small: Any) -> None:
    """The changed file is named; `contribute` does not run on it."""
    file = next(p for p in sorted((small.path / "models").rglob("*")) if p.name == "config.cfg")
    flip(file)
    assert "config.cfg was changed" in problems(small)
    assert small.run("contribute", small.archive).code == TAMPERED


def test_a_file_beside_the_model(small: Any) -> None:
    """A file that was not approved is named."""
    folder = next((small.path / "models").iterdir())
    (folder / "more.py").write_text("")
    assert "more.py" in problems(small)


@pytest.mark.parametrize(
    "part", [b'"credentialSubject', b'"salt":"', b'"proofValue":"z', b'"readme":"This', b'"leafIndex":']
)
def test_a_receipt(part: bytes, small: Any) -> None:
    """Any byte of a receipt that says something."""
    file = small.path / "receipts" / f"{small.ids['second'].removeprefix('urn:uuid:')}.json"
    flip_at(file, part)
    assert f"receipts/{file.name}" in problems(small)


@pytest.mark.parametrize("key", [b'"commons": "urn:lecs:commons:', b'"charter": "', b'"log": "did:key:z6Mk'])
def test_the_pin(key: bytes, small: Any) -> None:
    """commons.json: what is pinned is no longer what the ledger holds."""
    flip_at(small.path / "commons.json", key)
    assert problems(small)


def test_the_incarnation_of_the_log(small: Any) -> None:
    """commons.json: another log id of the same node is noticed as well."""
    path = small.path / "commons.json"
    pin = json.loads(path.read_text())
    pin["log"] = pin["log"][:-1] + ("0" if pin["log"][-1] != "0" else "1")
    path.write_text(json.dumps(pin))
    assert "commons.json" in problems(small)


@pytest.mark.parametrize("name", ["node", "home", "steward"])
@pytest.mark.parametrize("half", [b'"seed": "', b'"public": "did:key:z6Mk'])
def test_a_key(name: str, half: bytes, small: Any) -> None:
    """A key whose halves do not fit is not used; the file is named (15 when the home cannot be opened at all)."""
    flip_at(small.path / "keys" / f"{name}.json", half)
    code = small.run("ledger", "verify").code
    assert code in (TAMPERED, UNSAFE)
    assert f"keys/{name}.json" in problems(small, code)


def test_a_key_that_others_can_read(small: Any) -> None:
    """File modes are checked before a key is used."""
    (small.path / "keys" / "node.json").chmod(0o644)
    result = small.run("ledger", "verify", "--json")
    assert result.code == UNSAFE
    assert "keys/node.json" in result.json["message"]


def test_the_erasure_journal(small: Any) -> None:
    """An entry that names another contribution, or none, is noticed: the ledger has the tombstone."""
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    path = small.path / "erasures.jsonl"
    whole = path.read_bytes()
    for needle in (b"urn:uuid:", b'"rows":["', b'"contribution"'):
        path.write_bytes(whole)
        flip_at(path, needle)
        assert "erasures.jsonl" in problems(small)
    path.unlink()
    assert "erasures.jsonl" in problems(small)


@pytest.mark.parametrize("view", ["contributions", "refusals", "versions", "members", "statements"])
def test_a_view(view: str, small: Any) -> None:
    """A derived view that is not what was recorded is named; `rebuild` puts it right."""
    path = small.path / "derived" / "views" / f"{view}.parquet"
    for place in (None, 4, -1):
        whole = path.read_bytes()
        flip(path, place)
        assert f"derived/views/{view}.parquet" in problems(small)
        path.write_bytes(whole)
    flip(path)
    small.run("rebuild", "--json").ok()
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True


def test_an_export_under_the_home(small: Any) -> None:
    """Shards, card, list and manifest are held against what was signed."""
    folder = small.path / "exports" / "one"
    folder.parent.mkdir()
    small.run("dataset", "export", small.version, folder).ok()
    small.run("ledger", "verify").ok()
    for name in ("data/train-00000-of-00001.parquet", "README.md"):
        whole = (folder / name).read_bytes()
        flip(folder / name)
        assert f"exports/one/{name} was changed" in problems(small)
        (folder / name).write_bytes(whole)
    flip_at(folder / "manifest.json", b'"root": "')
    assert "exports/one/manifest.json" in problems(small)


def test_a_build_over_a_changed_text_stops(small: Any) -> None:
    """Exit 12 or 14 with the item's name, and nothing is published."""
    where = f"contribution = '{small.ids['second']}'"
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"]).ok()
    flip_cell(small, "items", "sealed_text", where, 50)
    result = small.run("dataset", "build", "--json")
    assert result.code in (TAMPERED, STOPPED)
    assert small.ids["second"] in result.json["message"]
    assert len(small.run("dataset", "list", "--json").ok().json["versions"]) == 1


def test_a_build_over_an_exchanged_text_stops(small: Any) -> None:
    """A text that decrypts, with a commitment that fits, but not the one that the fact cites: nothing is published."""
    from substrate.store.home import open_home

    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"]).ok()
    with open_home(small.path) as home:
        records = home.vault.private(small.ids["second"])
        from substrate.record.documents import read_document

        with home.database.transaction() as connection:
            home.vault.destroy(connection, small.ids["second"])
            home.vault.put(connection, small.ids["second"], bytes(32), b"Une autre histoire.", federated=False)
            for raw in records:
                home.vault.seal(connection, small.ids["second"], read_document(raw))
    result = small.run("dataset", "build", "--json")
    assert result.code in (TAMPERED, STOPPED)
    assert small.ids["second"] in result.json["message"]
    assert small.ids["second"] in problems(small)
    assert len(small.run("dataset", "list", "--json").ok().json["versions"]) == 1


@pytest.mark.parametrize("place", [0, 20, 100, 5000])
def test_a_ledger_that_sqlite_cannot_read(place: int, small: Any) -> None:
    """Damage to SQLite's own pages: exit 12 naming the file, never a fault of the program."""
    path = small.path / "ledger.sqlite3"
    before = dump(path)
    data = bytearray(path.read_bytes())
    data[place : place + 8] = bytes(b ^ 0xFF for b in data[place : place + 8])
    path.write_bytes(data)
    result = small.run("ledger", "verify", "--json")
    if result.code == 0:
        assert dump(path) == before, "only bytes that say nothing may go unnoticed"
        return
    assert result.code == TAMPERED
    assert "ledger" in result.out


def test_not_a_home(tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """No home: 4 for every command that needs one."""
    for command in (["ledger", "verify"], ["dataset", "list"], ["consent", "list"], ["rebuild"], ["dataset", "build"]):
        assert lecs(*command, home=tmp_path / "none").code == 4
