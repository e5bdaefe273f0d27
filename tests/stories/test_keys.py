"""Keys that change hands: the node's, the steward's, a contributor's; and what stays true meanwhile."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from substrate.store.home import open_home

pytestmark = pytest.mark.dagster


def receipt_of(small: Any, case: str) -> Path:
    """The receipt as it was given when the text was."""
    return small.path / "receipts" / f"{small.ids[case].removeprefix('urn:uuid:')}.json"


def test_a_new_node_key_changes_nothing_else(small: Any, tmp_path: Path) -> None:
    """Same version, old and new receipts hold, the ledger verifies, codes open, and the home can be carried."""
    old = receipt_of(small, "second").read_bytes()
    (tmp_path / "old.json").write_bytes(old)
    before = small.run("ledger", "verify", "--json").ok().json
    told = small.run("key", "rotate", "node", "--json").ok().json
    assert told["in_force"] is True
    assert told["key"] not in (told["old"], None)
    with open_home(small.path) as home:
        assert home.node.did == told["key"]
        assert home.ledger.origin.startswith(told["key"])
    after = small.run("ledger", "verify", "--json").ok().json
    assert (after["ok"], after["logs"]) == (True, before["logs"] + 1)
    assert small.run("dataset", "build", "--json").ok().json["version"] == small.version
    assert small.run("dataset", "verify", small.version, "--json").ok().json["ok"] is True
    assert small.run("consent", "verify", tmp_path / "old.json", "--json").ok().json["valid"] is True
    small.run("consent", "show", small.ids["second"], "--receipt", tmp_path / "new.json").ok()
    new = small.run("consent", "verify", tmp_path / "new.json", "--json").ok().json
    assert (new["valid"], new["checks"]["node"]) == (True, "admitted")
    forged = json.loads((tmp_path / "new.json").read_bytes())
    del forged["changes"]
    (tmp_path / "forged.json").write_text(json.dumps(forged))
    assert small.run("consent", "verify", tmp_path / "forged.json").code == 8
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    small.run("consent", "withdraw", small.ids["own-key"], "--key").ok()
    small.run("consent", "erase", small.ids["orcid"], "--request").ok()
    assert small.run("dataset", "build", "--json").ok().json["items"] == 7
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    assert small.run("rebuild", "--json").ok().json["identical"] is True


def test_a_rotated_home_is_carried_whole(small: Any, lecs: Any, tmp_path: Path) -> None:
    """Facts under the old key count in the other home, and twice rotated is as good as once."""
    first = small.run("key", "rotate", "node", "--json").ok().json["key"]
    second = small.run("key", "rotate", "node", "--json").ok().json
    assert second["old"] == first
    small.run("ledger", "export", tmp_path / "all.jsonl", "--with-vault").ok()
    lecs("ledger", "import", tmp_path / "all.jsonl", "--accept-lost-erasures", home=tmp_path / "other").ok()
    there = lecs("consent", "list", "--json", home=tmp_path / "other").ok().json["contributions"]
    assert there == small.run("consent", "list", "--json").ok().json["contributions"]
    assert lecs("ledger", "verify", "--json", home=tmp_path / "other").ok().json["ok"] is True
    small.run("consent", "show", small.ids["second"], "--receipt", tmp_path / "new.json").ok()
    told = lecs("consent", "verify", tmp_path / "new.json", "--json", home=tmp_path / "none").ok().json
    assert told["checks"]["node"] == "admitted"


def test_what_the_old_node_key_says_later_does_not_count(small: Any) -> None:
    """A thief with the old key writes on in the old log: listed, without effect."""
    from substrate.record.documents import write_document
    from substrate.record.keys import Signer
    from substrate.store.ledger import Ledger

    with open_home(small.path) as home:
        stolen, log = Signer(home.keyring.seed("node")), home.ledger.origin
    small.run("key", "rotate", "node").ok()
    with open_home(small.path) as home:
        fields = {"contribution": small.ids["second"], "time": "2026-11-22T10:00:00Z"}
        late = write_document(
            "Erased", f"urn:uuid:{small.ids['held'][9:]}", home.commons, fields, stolen, fields["time"]
        )
        home.database.connection.execute("UPDATE logs SET own = own + 2 * (origin = ?)", (log,))
        with Ledger(home.database, stolen, log).write() as writer:
            writer.add(late)
        home.database.connection.execute("UPDATE logs SET own = 0 WHERE origin = ?", (log,))
    shown = small.run("consent", "show", small.ids["second"], "--json").ok().json
    assert shown["state"] == "given"
    assert late.digest in small.run("ledger", "show", "--unauthorised", "--json").ok().out


def test_a_process_that_began_before_the_rotation_writes_nothing(small: Any) -> None:
    """It would sign with a key that counts no more: it stops, and its statement is not half there."""
    from consent.change import Voice, withdraw
    from consent.lookup import open_by_code
    from substrate.store.errors import Busy

    with open_home(small.path) as stale:
        small.run("key", "rotate", "node").ok()
        opened = open_by_code(stale, small.codes["second"])
        with pytest.raises(Busy, match="new node key"):
            withdraw(stale, opened.contribution, Voice(opened.signer, "withdrawal-key"), "2026-11-22T10:00:00Z")
    assert small.run("consent", "show", small.ids["second"], "--json").ok().json["state"] == "given"


STEPS = {
    "before the change": ("substrate.store.ledger", "Writer.add"),
    "after the change, before the pin": ("substrate.store.home", "write_pin"),
    "after the pin, before the key": ("substrate.store.keyring", "Keyring.install"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", ["node", "steward"])
def test_a_killed_rotation_leaves_the_old_or_the_new(role: str, step: str, small: Any, environment: Any) -> None:
    """The process dies at a step; what opens the home next ends what was in force, or finds all as it was."""
    module, place = STEPS[step]
    program = (
        "import importlib, os, signal, sys\n"
        f"holder = importlib.import_module({module!r})\n"
        f"*path, name = {place!r}.split('.')\n"
        "for part in path: holder = getattr(holder, part)\n"
        "setattr(holder, name, lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL))\n"
        "from consent.keycare import rotate_node, rotate_steward\n"
        "from substrate.store.home import open_home\n"
        "from pathlib import Path\n"
        "with open_home(Path(sys.argv[1])) as home:\n"
        f"    rotate_{role}(home, '2026-11-22T10:00:00Z')\n"
    )
    with open_home(small.path) as home:
        before = (home.node if role == "node" else home.keyring.signer(role)).did
    done = subprocess.run([sys.executable, "-c", program, str(small.path)], env=environment(), check=False)
    changed = step != "before the change"
    assert done.returncode == (0 if role == "steward" and place == "write_pin" else -9)
    with open_home(small.path) as home:
        after = home.keyring.signer(role).did
        assert (after != before) == changed
        assert after in home.roles().chain.state.holders(role)
        assert (home.keyring.staged_did(role) is None) == changed
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    small.run("key", "rotate", role).ok()
    with open_home(small.path) as home:
        assert home.keyring.signer(role).did not in (before, after if changed else before)
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True


def test_a_new_steward_key_goes_on_where_the_old_one_was(small: Any) -> None:
    """Decisions of before stand, the new key decides, signs and speaks on request; the same version."""
    reason = ("--decision", "exclude", "--ground", "spam", "--statement", "Not a text.")
    small.run("moderate", small.ids["second"], *reason).ok()
    told = small.run("key", "rotate", "steward", "--json").ok().json
    shown = small.run("charter", "show", "--json").ok().json
    assert shown["stewards"] == shown["moderators"] == [told["key"]]
    assert shown["changes"] == shown["heads"] == [told["change"]]
    assert small.run("consent", "show", small.ids["second"], "--json").ok().json["state"] == "moderated"
    small.run(
        "moderate", small.ids["second"], "--decision", "restore", "--ground", "spam", "--statement", "It is."
    ).ok()
    assert small.run("consent", "show", small.ids["second"], "--json").ok().json["state"] == "given"
    small.run("consent", "withdraw", small.ids["anonymous"], "--request").ok()
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True


def test_two_stewards_agree_on_a_change(small: Any, lecs: Any, tmp_path: Path) -> None:
    """Added, threshold raised, a change that waits, approved in another home, in force after the exchange."""
    other = tmp_path / "other"
    small.run("ledger", "export", tmp_path / "a.jsonl").ok()
    lecs("ledger", "import", tmp_path / "a.jsonl", home=other).ok()
    with open_home(other) as home:
        second = home.keyring.create("steward").did
    change = tmp_path / "change.yaml"
    change.write_text(json.dumps({"added": [{"role": "steward", "key": second}], "fields": {"threshold": 2}}))
    assert small.run("charter", "change", change, "--json").ok().json["in_force"] is True
    change.write_text(json.dumps({"fields": {"holdDays": 3}}))
    waiting = small.run("charter", "change", change, "--json").ok().json
    assert (waiting["in_force"], waiting["missing"]) == (False, 1)
    assert small.run("charter", "show", "--json").ok().json["pending"] == [waiting["change"]]
    assert small.run("key", "rotate", "node").code == 6
    small.run("ledger", "export", tmp_path / "b.jsonl").ok()
    lecs("ledger", "import", tmp_path / "b.jsonl", home=other).ok()
    assert lecs("approve", waiting["change"][:12], "--json", home=other).ok().json["counts"] is True
    assert lecs("approve", waiting["change"][:12], "--json", home=other).ok().json["fresh"] is False
    lecs("ledger", "export", tmp_path / "c.jsonl", home=other).ok()
    small.run("ledger", "import", tmp_path / "c.jsonl").ok()
    assert small.run("charter", "show", "--json").ok().json["holdDays"] == 3
    rotation = small.run("key", "rotate", "steward", "--json").ok().json
    assert rotation["in_force"] is False
    assert small.run("key", "rotate", "steward", "--json").ok().json == rotation
    small.run("ledger", "export", tmp_path / "d.jsonl").ok()
    lecs("ledger", "import", tmp_path / "d.jsonl", home=other).ok()
    lecs("approve", rotation["change"], home=other).ok()
    lecs("ledger", "export", tmp_path / "e.jsonl", home=other).ok()
    small.run("ledger", "import", tmp_path / "e.jsonl").ok()
    with open_home(small.path) as home:
        assert home.keyring.signer("steward").did == rotation["key"]
    gone = small.run("key", "revoke", "steward", "--key", second)
    assert gone.code == 7, "too few would be left for the threshold"


def test_a_contributor_with_a_new_key(small: Any, tmp_path: Path, make_row: Any, rows_file: Any) -> None:
    """Both keys open what they signed; a revoked one opens nothing, and codes open all the same."""
    who = ("--kind", "heteronym", "--name", "Anselme Duvert")
    told = small.run("key", "rotate", *who, "--json").ok().json
    listed = small.run("key", "list", "--json").ok().json["keys"]
    assert {"role": "heteronym", "key": told["old"], "retired": True} in listed
    row = make_row("Une autre histoire, celle du phare éteint.", contributor={"kind": "heteronym", "name": who[3]})
    taken = small.run("contribute", rows_file(tmp_path / "more.jsonl", [row]), "--json").ok().json["contributions"][0]
    small.run("consent", "withdraw", small.ids["own-key"], "--key").ok()
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    small.run("key", "revoke", *who).ok()
    refused = small.run("consent", "withdraw", taken["id"], "--key", "--json")
    assert (refused.code, refused.json["error"]) == (6, "no-authority")
    assert told["key"] not in [key["key"] for key in small.run("key", "list", "--json").ok().json["keys"]]
    small.run("consent", "withdraw", "--code", "-", stdin=taken["withdrawal_code"]).ok()
    small.run("key", "new", *who).ok()


def test_a_key_in_a_drawer(small: Any, tmp_path: Path) -> None:
    """Every key comes back from its file; another passphrase opens nothing; nothing shows a private half."""
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("five words from a long list\n")
    who = ("--kind", "heteronym", "--name", "Anselme Duvert")
    with open_home(small.path) as home:
        seeds = {role: home.keyring.seed(role).hex() for role in ("node", "steward", "home")}
        seeds["person"] = home.keyring.contributor_seed("heteronym", "Anselme Duvert").hex()
    said = ""
    for role in ("node", "steward", "home"):
        done = small.run("key", "export", tmp_path / f"{role}.key", "--role", role, "--passphrase", passphrase).ok()
        said += done.out + done.err + (tmp_path / f"{role}.key").read_text()
        assert (
            small.run("key", "export", tmp_path / f"{role}.key", "--role", role, "--passphrase", passphrase).code == 5
        )
    coded = small.run("key", "export", tmp_path / "person", *who, "--code", "--json").ok()
    said += coded.out + (tmp_path / "person").read_text()
    assert not [role for role, seed in seeds.items() if seed in said]
    assert (tmp_path / "node.key").stat().st_mode & 0o777 == 0o600
    assert small.run("key", "import", tmp_path / "node.key", "--passphrase", passphrase).code == 4, "it is not lost"
    for role in ("node", "steward", "home"):
        (small.path / "keys" / f"{role}.json").unlink()
        assert role == "steward" or small.run("doctor").code == 12
        wrong = small.run("key", "import", tmp_path / f"{role}.key", "--passphrase", "-", stdin="another passphrase")
        assert wrong.code == 15
        small.run("key", "import", tmp_path / f"{role}.key", "--passphrase", passphrase).ok()
    shutil.rmtree(small.path / "keys" / "contributors")
    small.run(
        "key", "import", tmp_path / "person", "--name", who[3], "--passphrase", "-", stdin=coded.json["code"].lower()
    ).ok()
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    small.run("consent", "withdraw", small.ids["own-key"], "--key").ok()
    small.run("key", "revoke", *who).ok()
    back = small.run(
        "key", "import", tmp_path / "person", "--name", who[3], "--passphrase", "-", stdin=coded.json["code"]
    )
    assert back.code == 15, "revoked here"


def test_only_keys_of_this_commons_come_in(small: Any, lecs: Any, tmp_path: Path) -> None:
    """A retired node's key, and somebody else's steward's: refused by name."""
    for role in ("node", "steward"):
        small.run(
            "key", "export", tmp_path / f"{role}.key", "--role", role, "--passphrase", "-", stdin="five words or more"
        ).ok()
        small.run("key", "rotate", role).ok()
        (small.path / "keys" / f"{role}.json").rename(tmp_path / f"kept-{role}")
        refused = small.run(
            "key", "import", tmp_path / f"{role}.key", "--passphrase", "-", "--json", stdin="five words or more"
        )
        assert (refused.code, refused.json["error"]) == (6, "no-authority")
        (tmp_path / f"kept-{role}").rename(small.path / "keys" / f"{role}.json")
    short = small.run("key", "export", tmp_path / "short", "--role", "node", "--passphrase", "-", stdin="short")
    assert short.code == 15
    assert small.run("key", "rotate").code == 2
    assert small.run("key", "export", tmp_path / "x", "--role", "node").code == 2
