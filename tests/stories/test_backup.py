"""Issue row 3, with `lecs`: what was erased or taken back after a backup or an export does not come back."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.dagster
LOST, NOT_FOUND, USAGE, HOME = 17, 5, 2, 4


def texts(path: Path) -> set[bytes]:
    """What the vault of a home opens."""
    from substrate.store.home import open_home

    with open_home(path) as home:
        return {kept.text for kept in home.vault.all()}


def file_of(code: str, tmp_path: Path) -> Path:
    """The code in a file: it never stands in a command."""
    (tmp_path / "code.txt").write_text(code + "\n")
    return tmp_path / "code.txt"


def test_the_whole_story(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Backup, erase, withdraw, lose the home, restore: what was taken back stays so, receipts hold."""
    folder = tmp_path / "elsewhere"
    first = small.run("backup", folder, "--json").ok().json
    code = file_of(first.pop("backup_code"), tmp_path)
    assert first["folders_not_reached"] == []
    assert "backup_code" not in small.run("backup", folder, "--json").ok().json
    receipt = next((small.path / "receipts").glob(f"{small.ids['published'].removeprefix('urn:uuid:')}*"))
    shutil.copy(receipt, tmp_path / "receipt.json")
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"]).ok()
    after = small.run("dataset", "build", "--json").ok().json["version"]
    shutil.rmtree(small.path)

    restored = lecs("restore", folder, "--code", code, "--json", home=small.path).ok().json
    assert (restored["dropped"], restored["accepted_lost_erasures"]) == (1, False)
    assert small.texts["second"].encode() not in texts(small.path)
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    assert small.run("consent", "verify", tmp_path / "receipt.json", "--json").ok().json["valid"] is True
    words = {c["id"]: c["state"] for c in small.run("consent", "list", "--json").ok().json["contributions"]}
    assert words[small.ids["second"]] == "erased"
    assert words[small.ids["anonymous"]] == "withdrawn"
    # The same items give the same version, from a home that writes another log now.
    assert small.run("dataset", "build", "--json").ok().json["version"] == after
    # A receipt of before, issued again: proved in the old log.
    small.run("consent", "show", small.ids["published"], "--receipt", tmp_path / "again.json").ok()
    assert small.run("consent", "verify", tmp_path / "again.json", "--json").ok().json["valid"] is True
    assert small.run("rebuild", "--json").ok().json["problems"] == []
    assert small.run("doctor", "--json").ok().json["ok"] is True
    stated = small.run("ledger", "show", "--kind", "HomeRestored", "--json").ok().json["documents"]
    assert [d["counts"] for d in stated] == [True]


def test_the_same_items_give_the_same_version(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Nothing happened since: the restored home publishes the version that the original published."""
    code = file_of(small.run("backup", tmp_path / "elsewhere", "--json").ok().json["backup_code"], tmp_path)
    other = tmp_path / "other"
    lecs("restore", tmp_path / "elsewhere", "--code", "-", stdin=code.read_text(), home=other).ok()
    assert texts(other) == texts(small.path)
    assert lecs("dataset", "build", "--json", home=other).ok().json["version"] == small.version
    assert lecs("dataset", "verify", "latest", "--json", home=other).ok().json["ok"] is True


def test_a_copied_folder_is_refused_unless_accepted(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """The copy has a journal of before: exit 17, nothing made; accepted, it says so in the ledger."""
    folder, copy, other = tmp_path / "elsewhere", tmp_path / "copy", tmp_path / "other"
    code = file_of(small.run("backup", folder, "--json").ok().json["backup_code"], tmp_path)
    shutil.copytree(folder, copy)
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    shutil.copy(small.path / "erasures.jsonl", tmp_path / "kept.jsonl")
    shutil.rmtree(small.path)
    refused = lecs("restore", copy, "--code", code, "--json", home=other)
    assert (refused.code, refused.json["error"]) == (LOST, "lost-erasures")
    assert not other.exists()
    told = lecs(
        "restore", copy, "--code", code, "--accept-lost-erasures", "--journal", tmp_path / "kept.jsonl", "--json",
        home=other,
    ).ok().json  # fmt: skip
    assert (told["dropped"], told["accepted_lost_erasures"]) == (1, True)
    assert small.texts["second"].encode() not in texts(other)
    listed = lecs("ledger", "show", "--kind", "HomeRestored", "--json", home=other).ok().json["documents"]
    body = lecs("ledger", "show", listed[0]["digest"], "--json", home=other).ok().json
    assert body["acceptedLostErasures"] is True


def test_what_a_person_does_wrong(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Another code, a slip in it, the code in the command, a home in the way, a folder in the home."""
    folder, other = tmp_path / "elsewhere", tmp_path / "other"
    code = small.run("backup", folder, "--json").ok().json["backup_code"]
    assert lecs("restore", folder, "--code", "-", stdin=small.codes["second"], home=other).code == NOT_FOUND
    slip = ("2" if code[0] != "2" else "3") + code[1:]
    assert lecs("restore", folder, "--code", "-", stdin=slip, home=other).code == 7
    assert lecs("restore", folder, "--code", code, home=other).code == USAGE
    assert small.run("restore", folder, "--code", "-", stdin=code).code == HOME
    assert lecs("restore", tmp_path / "none", "--code", "-", stdin=code, home=other).code == NOT_FOUND
    assert small.run("backup", small.path / "inside").code == USAGE
    assert not other.exists()
    assert small.run("backup", folder, "--show-code", "--json").ok().json["backup_code"] == code


def test_a_folder_that_cannot_be_reached(small: Any, tmp_path: Path) -> None:
    """The erasure goes on and says so; the doctor reminds; the next command that meets the folder tells it."""
    folder, away = tmp_path / "elsewhere", tmp_path / "away"
    small.run("backup", folder).ok()
    folder.rename(away)
    erased = small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    assert str(folder) in erased.err
    doctor = small.run("doctor", "--json")
    assert doctor.code == 12
    (told,) = [check for check in doctor.json["checks"] if check["name"] == "backups"]
    assert "not written there yet" in told["detail"]
    away.rename(folder)
    small.run("rebuild").ok()
    assert small.run("doctor", "--json").code == 0
    assert small.ids["second"] in (folder / "erasures.jsonl").read_text()


def test_an_old_export_brings_nothing_back(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Into the home that erased: dropped. Into an empty one: exit 17, and no home. After a newer export: dropped."""
    old, new, other = tmp_path / "old.jsonl", tmp_path / "new.jsonl", tmp_path / "other"
    small.run("ledger", "export", old, "--with-vault").ok()
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    assert small.run("ledger", "import", old, "--json").ok().json["dropped"] == 1
    assert small.texts["second"].encode() not in texts(small.path)
    small.run("ledger", "export", new).ok()
    refused = lecs("ledger", "import", old, "--json", home=other)
    assert (refused.code, refused.json["error"]) == (LOST, "lost-erasures")
    assert not other.exists()
    lecs("ledger", "import", new, home=other).ok()
    told = lecs("ledger", "import", old, "--json", home=other).ok().json
    assert (told["dropped"], told["accepted_lost_erasures"]) == (1, False)
    assert told["items"] == len(texts(other)) > 0
    assert small.texts["second"].encode() not in texts(other)
    assert lecs("ledger", "verify", "--json", home=other).ok().json["ok"] is True


def test_a_ledger_as_old_as_the_file_does_not_help(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """The public ledger of the same moment, or an older one, knows of no erasure since: still exit 17."""
    earlier, same, old, other = (tmp_path / name for name in ("earlier.jsonl", "same.jsonl", "old.jsonl", "other"))
    small.run("ledger", "export", earlier).ok()
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"]).ok()
    small.run("ledger", "export", same).ok()
    small.run("ledger", "export", old, "--with-vault").ok()
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    for known in (earlier, same):
        lecs("ledger", "import", known, home=other).ok()
        assert lecs("ledger", "import", old, home=other).code == LOST
        assert texts(other) == set()


def test_accepted_it_is_logged_and_can_be_mended(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """A signed statement says how far the file went; a later export, without texts, destroys what came back."""
    old, new, other = tmp_path / "old.jsonl", tmp_path / "new.jsonl", tmp_path / "other"
    small.run("ledger", "export", old, "--with-vault").ok()
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    small.run("ledger", "export", new).ok()
    warned = lecs("ledger", "import", old, "--accept-lost-erasures", "--json", home=other).ok()
    assert "import a newer export" in warned.err
    assert warned.json["accepted_lost_erasures"] is True
    assert small.texts["second"].encode() in texts(other)
    (listed,) = lecs("ledger", "show", "--kind", "TextsImported", "--json", home=other).ok().json["documents"]
    assert listed["counts"] is True
    body = lecs("ledger", "show", listed["digest"], "--json", home=other).ok().json
    assert (body["acceptedLostErasures"], body["items"]) == (True, warned.json["items"])
    lecs("dataset", "build", home=other).ok()
    told = lecs("ledger", "import", new, "--json", home=other).ok()
    assert "destroyed here too" in told.err
    assert small.texts["second"].encode() not in texts(other)
    assert lecs("ledger", "verify", "--json", home=other).ok().json["ok"] is True
    assert json.loads((other / "erasures.jsonl").read_text())["contribution"] == small.ids["second"]
    assert lecs("ledger", "import", old, "--json", home=other).ok().json["items"] == 0
    assert small.texts["second"].encode() not in texts(other)


def test_a_withdrawal_that_asks_for_it_destroys_everywhere(
    small: Any, tmp_path: Path, lecs: Callable[..., Any]
) -> None:
    """Told to the second home by code: the first one destroys its copy when it hears of it."""
    file, back, other = tmp_path / "file.jsonl", tmp_path / "back.jsonl", tmp_path / "other"
    small.run("ledger", "export", file, "--with-vault").ok()
    lecs("ledger", "import", file, "--accept-lost-erasures", home=other).ok()
    lecs("consent", "erase", "--code", "-", stdin=small.codes["second"], home=other).ok()
    lecs("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"], home=other).ok()
    lecs("ledger", "export", back, home=other).ok()
    small.run("ledger", "import", back).ok()
    assert small.texts["second"].encode() not in texts(small.path)
    assert small.texts["anonymous"].encode() in texts(small.path)  # withdrawn, not erased: kept, and not used
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
