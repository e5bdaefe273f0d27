"""Blobs, key files and the making of a home: whole or absent, and never overwritten."""

import json

import pytest
from blake3 import blake3

from substrate.record.keys import Signer
from substrate.store.blobs import Blobs
from substrate.store.errors import HomeExists, NoHome, NotFound, Tampered, UnsafeKey
from substrate.store.files import overwrite_and_remove, write_atomic
from substrate.store.home import PIN, create_home, home_exists, open_home
from substrate.store.keyring import Keyring

COMMONS = "urn:lecs:commons:" + "0" * 32


def test_a_blob_is_named_by_its_hash(tmp_path) -> None:
    """Twice is once; the name is BLAKE3; listing gives them sorted."""
    blobs = Blobs(tmp_path / "blobs")
    names = {blobs.put(data) for data in (b"", b"a", b"a", b"b" * 100_000)}
    assert names == {blake3(d).hexdigest() for d in (b"", b"a", b"b" * 100_000)}
    assert list(blobs.names()) == sorted(names)
    assert blobs.get(blobs.put(b"a")) == b"a"


def test_a_changed_blob_is_noticed_by_name(tmp_path) -> None:
    """Any byte, a cut-off file, an empty one."""
    blobs = Blobs(tmp_path)
    name = blobs.put(b"some bytes")
    for data in (b"some bytez", b"some byte", b"", b"some bytes\n"):
        blobs.path(name).write_bytes(data)
        with pytest.raises(Tampered, match=name):
            blobs.get(name)


@pytest.mark.parametrize("name", ["", "..", "0" * 63, "g" * 64, "A" * 64, "../" + "0" * 61, "0" * 64 + "/x"])
def test_what_is_no_name_of_a_blob(tmp_path, name: str) -> None:
    """No path leads out of the folder."""
    with pytest.raises(NotFound):
        Blobs(tmp_path).get(name)
    with pytest.raises(NotFound):
        Blobs(tmp_path).get("0" * 64)


def test_a_file_is_whole_or_absent(tmp_path) -> None:
    """A write that cannot end leaves the old file and no debris."""
    path = tmp_path / "file"
    write_atomic(path, b"old", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(TypeError):
        write_atomic(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    overwrite_and_remove(path)
    overwrite_and_remove(path)
    assert list(tmp_path.iterdir()) == []


def test_keys_are_written_for_their_owner_only(tmp_path) -> None:
    """File 0600, folders 0700, whatever the mask; the private half is found again."""
    keyring = Keyring(tmp_path / "keys")
    node = keyring.create("node")
    alice = keyring.create_contributor("heteronym", "Alice Thornburgh")
    for path in (tmp_path / "keys").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    again = Keyring(tmp_path / "keys")
    assert again.signer("node").did == node.did
    assert again.contributor("heteronym", "Alice Thornburgh").did == alice.did
    assert again.contributor("pseudonym", "Alice Thornburgh") is None
    assert again.by_did(alice.did).did == alice.did
    assert again.by_did("did:key:z") is None
    assert {f.role for f in again.files()} == {"node", "home", "heteronym"}


def test_no_key_file_tells_a_name(tmp_path) -> None:
    """Neither in its name nor in its content."""
    keyring = Keyring(tmp_path)
    keyring.create_contributor("heteronym", "Alice Thornburgh")
    for path in tmp_path.rglob("*.json"):
        assert "lice" not in path.name
        assert b"lice" not in path.read_bytes()


def test_a_key_is_never_overwritten(tmp_path) -> None:
    """Role or contributor: the second time is refused and the first key stays."""
    keyring = Keyring(tmp_path)
    node, alice = keyring.create("node"), keyring.create_contributor("pseudonym", "A")
    with pytest.raises(HomeExists):
        keyring.create("node")
    with pytest.raises(HomeExists):
        keyring.create_contributor("pseudonym", "A")
    assert keyring.signer("node").did == node.did
    assert keyring.contributor("pseudonym", "A").did == alice.did


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o644, 0o666, 0o601])
def test_a_key_that_others_can_reach_is_not_used(tmp_path, mode: int) -> None:
    """The message names the file and says what to do."""
    keyring = Keyring(tmp_path)
    keyring.create("node")
    (tmp_path / "node.json").chmod(mode)
    for use in (lambda: keyring.signer("node"), keyring.files):
        with pytest.raises(UnsafeKey, match=r"keys/node\.json.*chmod 600"):
            use()


@pytest.mark.parametrize("change", ["public", "seed", "cut", "empty", "list", "short seed", "no hex"])
def test_a_damaged_key_is_not_used(tmp_path, change: str) -> None:
    """Two halves that do not belong together, or no key at all; the seed is never shown."""
    keyring = Keyring(tmp_path)
    keyring.create("node")
    path = tmp_path / "node.json"
    body = json.loads(path.read_bytes())
    seed = body["seed"]
    changed = {
        "public": {**body, "public": Signer(bytes(32)).did},
        "seed": {**body, "seed": seed[:-1] + ("0" if seed[-1] != "0" else "1")},
        "list": [body],
        "short seed": {**body, "seed": seed[:-2]},
        "no hex": {**body, "seed": "zz" + seed[2:]},
    }.get(change)
    path.write_text({"cut": json.dumps(body)[:-9], "empty": ""}.get(change, json.dumps(changed)))
    with pytest.raises(UnsafeKey, match="damaged") as caught:
        keyring.signer("node")
    assert seed[:16] not in str(caught.value)


def test_secrets_differ_by_purpose_and_last(tmp_path) -> None:
    """Derived from the home's own key, the same each time."""
    keyring = Keyring(tmp_path)
    assert keyring.secret("vault") == Keyring(tmp_path).secret("vault") != keyring.secret("keyring")
    with pytest.raises(NotFound):
        keyring.signer("steward")
    assert not keyring.has("steward")


def test_a_home_is_whole_or_not_there(tmp_path) -> None:
    """An exception inside the block leaves neither home nor debris, and what was there stays."""
    path = tmp_path / "home"
    with pytest.raises(RuntimeError), create_home(path, COMMONS) as founding:  # noqa: PT012
        founding.home.blobs.put(b"half made")
        assert not path.exists()
        raise RuntimeError
    with pytest.raises(HomeExists, match="no charter"), create_home(path, COMMONS):
        pass
    assert list(tmp_path.iterdir()) == []
    path.mkdir()
    (path / "diary.txt").write_text("mine")
    with pytest.raises(HomeExists), create_home(path, COMMONS, "0" * 64):
        pass
    assert [p.name for p in path.iterdir()] == ["diary.txt"]


def test_a_home_opens_as_it_was_made(tmp_path) -> None:
    """Commons, charter, node and log; an empty folder may become one, a home may not become another."""
    path = tmp_path / "home"
    path.mkdir()
    with create_home(path, COMMONS, "a" * 64) as founding:
        made = founding.home
    assert home_exists(path)
    with open_home(path) as home:
        assert (home.commons, home.charter) == (COMMONS, "a" * 64)
        assert (home.node.did, home.ledger.origin) == (made.node.did, made.ledger.origin)
    with pytest.raises(HomeExists), create_home(path, COMMONS, "b" * 64):
        pass
    with pytest.raises(NoHome), open_home(tmp_path / "elsewhere"):
        pass


@pytest.mark.parametrize("pin", [b"", b"{}", b"[]", b'{"commons": "x"}', b"\xff"])
def test_a_damaged_pin_stops_everything(tmp_path, pin: bytes) -> None:
    """Without knowing the commons nothing in the home can be trusted."""
    path = tmp_path / "home"
    with create_home(path, COMMONS, "a" * 64):
        pass
    (path / PIN).write_bytes(pin)
    with pytest.raises(Tampered, match=PIN), open_home(path):
        pass


def test_the_log_belongs_to_the_node(tmp_path) -> None:
    """A pin that names another node's log is refused."""
    path = tmp_path / "home"
    with create_home(path, COMMONS, "a" * 64):
        pass
    pin = json.loads((path / PIN).read_bytes())
    (path / PIN).write_text(json.dumps({**pin, "log": f"{Signer(bytes(32)).did}/{'0' * 16}"}))
    with pytest.raises(Tampered, match="another node"), open_home(path):
        pass
