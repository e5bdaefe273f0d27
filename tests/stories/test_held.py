"""Held texts: a curator looks, marks, confirms; nobody else; in time, or the text is erased."""

import json
from pathlib import Path
from typing import Any

import home_scanner
import pytest

from substrate.store.home import open_home

SECRET = "starych młynów"


def ledger(small: Any) -> list[str]:
    """Kinds of the public documents about the held text, sorted."""
    shown = small.run("consent", "show", small.ids["held"], "--json").ok().json
    return sorted(document["kind"] for document in shown["documents"])


def spans_of(small: Any, *words: str, label: str = "LOCATION") -> str:
    """Where ``words`` stand in the kept text, as the command line takes it."""
    with open_home(small.path) as home:
        text = home.vault.get(small.ids["held"]).text.decode("utf-8")
    return json.dumps([[text.index(word), text.index(word) + len(word), label] for word in words])


def text_of(path: Path, contribution: str) -> str:
    """The kept text."""
    with open_home(path) as home:
        return home.vault.get(contribution).text.decode("utf-8")


def must_go(path: Path, contribution: str, *words: str) -> home_scanner.Traces:
    """What a further redaction destroys: the words, and salt, keys and ciphertexts of the bytes before."""
    traces = home_scanner.traces_of(path, contribution)
    gone = {name: traces[name] for name in ("salt", "item key", "order", "wrapped key", "ciphertext")}
    return {**gone, "words": [word.encode() for word in words]}


def test_marked_confirmed_and_in_the_next_version(small: Any) -> None:
    """The whole way of a held text, and what everybody can see of it."""
    held = small.run("held", "list", "--json").ok().json["held"]
    assert [(h["id"], h["reason"], h["language"]) for h in held] == [
        (small.ids["held"], "declared-language-not-validated:pl", "pl")
    ]
    assert held[0]["expires"] > "2026"
    told = small.run("held", "mark", small.ids["held"], spans_of(small, SECRET), "--json").ok().json
    assert told == {"id": small.ids["held"], "standing": "held"}
    assert "<LOCATION_1>" in text_of(small.path, small.ids["held"])
    assert ledger(small) == ["ConsentFact", "HeldReading", "Redaction"]
    told = small.run("held", "confirm", small.ids["held"], "--json").ok().json
    assert told == {"id": small.ids["held"], "standing": "assisted-operator"}
    shown = small.run("consent", "show", small.ids["held"], "--json").ok().json
    assert (shown["state"], shown["gate"]["train"]) == ("given", "yes")
    assert shown["superseded"] == [small.rows["held"]]
    assert shown["row"] != small.rows["held"]
    assert small.run("held", "list", "--json").ok().json["held"] == []
    built = small.run("dataset", "build", "--json").ok().json
    assert built["items"] == 11
    found = small.run("dataset", "diff", small.version, built["version"], "--json").ok().json
    assert [entry["row"] for entry in found["added"]] == [shown["row"]]
    assert found["superseded"] == [], "it was in no version before"
    assert small.run("dataset", "verify", "latest", "--json").ok().json["ok"] is True
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    assert small.run("rebuild", "--json").ok().json["identical"] is True


def test_the_bytes_before_are_nowhere(small: Any) -> None:
    """Before: each kind of trace is found. After: none, in any file of the home."""
    traces = must_go(small.path, small.ids["held"], "wzgórzu starych młynów")
    before = {name for name, _ in home_scanner.search(small.path, traces)}
    assert {"salt", "item key", "words", "ciphertext"} <= before
    small.run("held", "mark", small.ids["held"], spans_of(small, "wzgórzu starych młynów")).ok()
    assert home_scanner.search(small.path, traces) == []
    receipt = small.path / "receipts" / f"{small.ids['held'].removeprefix('urn:uuid:')}.json"
    assert small.run("consent", "verify", receipt, "--json").ok().json["valid"] is True


def test_the_old_code_and_the_old_receipt_go_on(small: Any, tmp_path: Path) -> None:
    """Receipts from before and after verify; the code reaches the new row: shown, narrowed, withdrawn, erased."""
    name = f"{small.ids['held'].removeprefix('urn:uuid:')}.json"
    (tmp_path / "old.json").write_bytes((small.path / "receipts" / name).read_bytes())
    small.run("held", "mark", small.ids["held"], spans_of(small, SECRET)).ok()
    small.run("held", "confirm", small.ids["held"]).ok()
    old = small.run("consent", "verify", tmp_path / "old.json", "--json").ok().json
    new = small.run("consent", "verify", small.path / "receipts" / name, "--json").ok().json
    assert (old["standing"], new["standing"]) == ("held", "assisted-operator")
    assert "redactions" in new["checks"]
    (tmp_path / "text.txt").write_text(text_of(small.path, small.ids["held"]), "utf-8")
    fits = small.run("consent", "verify", small.path / "receipts" / name, "--text", tmp_path / "text.txt", "--json")
    assert fits.ok().json["checks"]["text"] == "fits the commitment"
    (tmp_path / "text.txt").write_text(small.texts["held"], "utf-8")
    assert small.run("consent", "verify", small.path / "receipts" / name, "--text", tmp_path / "text.txt").code == 9
    code = small.codes["held"]
    small.run("consent", "narrow", "--code", "-", "--purposes", "train", stdin=code).ok()
    told = small.run("consent", "withdraw", "--code", "-", "--json", stdin=code).ok().json
    assert (told["contribution"], told["state"]) == (small.ids["held"], "withdrawn")
    traces = home_scanner.traces_of(small.path, small.ids["held"])
    assert small.run("consent", "erase", "--code", "-", "--json", stdin=code).ok().json["state"] == "erased"
    assert home_scanner.search(small.path, traces) == []
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    entry = (small.path / "erasures.jsonl").read_text()
    assert small.rows["held"] in entry, "both rows are named, so that neither comes back"


def test_a_held_text_can_be_withdrawn_and_erased_before_anybody_looks(small: Any) -> None:
    """It is the person's; nothing is marked or confirmed afterwards."""
    code = small.codes["held"]
    spans = spans_of(small, SECRET)
    small.run("consent", "withdraw", "--code", "-", stdin=code).ok()
    assert small.run("held", "list", "--json").ok().json["held"] == []
    for command in (["mark", small.ids["held"], spans], ["confirm", small.ids["held"]]):
        refused = small.run("held", *command, "--json")
        assert (refused.code, refused.json["error"]) == (18, "not-held")
    small.run("consent", "erase", "--code", "-", stdin=code).ok()
    assert small.run("held", "confirm", small.ids["held"]).code == 18


def test_refusals_by_name(small: Any, tmp_path: Path) -> None:
    """Not held, not there, not spans, not what was looked at; nothing changes, and no message quotes the text."""
    held, before = small.ids["held"], small.run("ledger", "verify", "--json").ok().json
    cases: list[tuple[list[Any], int, str]] = [
        (["confirm", small.ids["second"]], 18, "not-held"),
        (["mark", small.ids["second"], '[[0,4,"PERSON"]]'], 18, "not-held"),
        (["confirm", "00000000"], 5, "not-found"),
        (["mark", held, "[[0,4]]"], 7, "malformed"),
        (["mark", held, '[[0,4,"MURMUR"]]'], 7, "malformed"),
        (["mark", held, '[[4,4,"PERSON"]]'], 7, "malformed"),
        (["mark", held, '[[0,40000,"PERSON"]]'], 7, "malformed"),
        (["mark", held, '[[true,4,"PERSON"]]'], 7, "malformed"),
        (["mark", held, "[]"], 7, "malformed"),
        (["mark", held, '[[0,4,"PERSON"]'], 7, "malformed"),
        (["mark", held, tmp_path / "nothing.json"], 5, "not-found"),
        (["mark", held, '[[0,4,"PERSON"]]', "--row", "0" * 64], 18, "not-held"),
    ]
    for arguments, code, name in cases:
        refused = small.run("held", *arguments, "--json")
        assert (refused.code, refused.json["error"]) == (code, name), arguments
        assert "młynów" not in refused.out + refused.err
    assert small.run("ledger", "verify", "--json").ok().json == before
    receipt = small.path / "receipts" / f"{held.removeprefix('urn:uuid:')}.json"
    assert receipt.exists(), "a refusal destroys nothing"


def test_the_same_wish_twice_is_one(small: Any, tmp_path: Path) -> None:
    """The spans speak of the text before: a second run must not cut into the text after."""
    spans = tmp_path / "spans.json"
    spans.write_text(spans_of(small, "wzgórzu starych młynów, gdzie"))
    small.run("held", "mark", small.ids["held"], spans).ok()
    after = text_of(small.path, small.ids["held"])
    again = small.run("held", "mark", small.ids["held"], spans)
    assert "as it was" in again.ok().err
    assert text_of(small.path, small.ids["held"]) == after
    assert ledger(small) == ["ConsentFact", "HeldReading", "Redaction"]
    small.run("held", "mark", small.ids["held"], spans_of(small, "figami", label="ORGANIZATION")).ok()
    assert "<LOCATION_1>" in text_of(small.path, small.ids["held"])
    assert len(small.run("consent", "show", small.ids["held"], "--json").ok().json["superseded"]) == 2


def test_only_with_a_curators_key(small: Any) -> None:
    """Without it the text is neither shown nor marked nor confirmed; the list says nothing of it."""
    (small.path / "keys" / "steward.json").unlink()
    for command in (["show", "--anywhere"], ["confirm"]):
        refused = small.run("held", command[0], small.ids["held"], *command[1:])
        assert refused.code == 6
        assert "młynów" not in refused.out + refused.err
    assert small.run("held", "mark", small.ids["held"], '[[0,4,"PERSON"]]').code == 6
    with open_home(small.path) as home:
        home.keyring.create("steward")
    assert small.run("held", "confirm", small.ids["held"]).code == 6, "a key, and not one of this commons"
    assert small.run("held", "list", "--json").ok().json["held"]


@pytest.mark.models
def test_shown_to_a_curator(small: Any) -> None:
    """On a terminal, or where it was asked for; with spans to look at first."""
    refused = small.run("held", "show", small.ids["held"])
    assert refused.code == 2
    assert "młynów" not in refused.out + refused.err
    shown = small.run("held", "show", small.ids["held"], "--anywhere").ok()
    assert small.texts["held"] in shown.out
    assert small.rows["held"] in shown.out
    assert "Look at these first" in shown.out


def two_homes(small: Any, lecs: Any, folder: Path) -> Path:
    """A second steward in a home of their own, and a charter that asks for a second reader."""
    other = folder / "other"
    small.run("ledger", "export", folder / "a.jsonl", "--with-vault").ok()
    lecs("ledger", "import", folder / "a.jsonl", "--accept-lost-erasures", home=other).ok()
    with open_home(other) as home:
        second = home.keyring.create("steward").did
    change = {"added": [{"role": "steward", "key": second}], "fields": {"secondReader": True}}
    (folder / "change.yaml").write_text(json.dumps(change))
    assert small.run("charter", "change", folder / "change.yaml", "--json").ok().json["in_force"] is True
    return other


def test_a_second_key_where_the_charter_asks_for_one(small: Any, lecs: Any, tmp_path: Path) -> None:
    """Who marked it cannot confirm it; another steward, in another home, can; then it is released in both."""
    other = two_homes(small, lecs, tmp_path)
    small.run("held", "mark", small.ids["held"], spans_of(small, SECRET)).ok()
    refused = small.run("held", "confirm", small.ids["held"], "--json")
    assert (refused.code, refused.json["error"]) == (6, "no-authority")
    assert "second key" in refused.json["message"]
    small.run("ledger", "export", tmp_path / "b.jsonl", "--with-vault").ok()
    told = lecs("ledger", "import", tmp_path / "b.jsonl", "--json", home=other).ok().json
    assert text_of(other, small.ids["held"]) == text_of(small.path, small.ids["held"])
    assert told["items"] == 1, "the text after takes the place of the one before"
    listed = lecs("held", "list", "--json", home=other).ok().json["held"]
    assert [h["reason"] for h in listed] == ["taken-elsewhere"]
    marked = lecs("held", "mark", small.ids["held"], '[[0,3,"PERSON"]]', home=other)
    assert marked.code == 6, "another node accepted it"
    told = lecs("held", "confirm", small.ids["held"], "--json", home=other).ok().json
    assert told["standing"] == "assisted-operator"
    assert lecs("held", "confirm", small.ids["held"], "--json", home=other).ok().json == told
    lecs("ledger", "export", tmp_path / "c.jsonl", home=other).ok()
    small.run("ledger", "import", tmp_path / "c.jsonl").ok()
    shown = small.run("consent", "show", small.ids["held"], "--json").ok().json
    assert (shown["state"], shown["standing"]) == ("given", "assisted-operator")
    for home in (small.path, other):
        assert lecs("ledger", "verify", "--json", home=home).ok().json["ok"] is True


def test_one_key_alone_waits_for_another(small: Any, lecs: Any, tmp_path: Path) -> None:
    """With a second reader asked for, the first confirmation leaves it held, and says so."""
    two_homes(small, lecs, tmp_path)
    first = small.run("held", "confirm", small.ids["held"])
    assert "until 1 more key" in first.ok().err
    assert small.run("consent", "show", small.ids["held"], "--json").ok().json["standing"] == "held"
    again = small.run("held", "confirm", small.ids["held"], "--json").ok().json
    assert again["standing"] == "held"
    assert ledger(small) == ["ConsentFact", "HeldReading"]


def test_a_copy_elsewhere_goes_when_the_redaction_is_known(small: Any, lecs: Any, tmp_path: Path) -> None:
    """Without the vault the copy of the text before is destroyed; with it the text after comes; never the old one."""
    other = tmp_path / "other"
    small.run("ledger", "export", tmp_path / "old.jsonl", "--with-vault").ok()
    lecs("ledger", "import", tmp_path / "old.jsonl", "--accept-lost-erasures", home=other).ok()
    traces = must_go(other, small.ids["held"], SECRET)
    small.run("held", "mark", small.ids["held"], spans_of(small, SECRET)).ok()
    small.run("ledger", "export", tmp_path / "new.jsonl").ok()
    told = lecs("ledger", "import", tmp_path / "new.jsonl", home=other).ok()
    assert "destroyed here too" in told.err
    assert home_scanner.search(other, traces) == []
    assert lecs("ledger", "import", tmp_path / "old.jsonl", "--json", home=other).ok().json["dropped"] == 1
    assert small.run("ledger", "import", tmp_path / "old.jsonl", "--json").ok().json["dropped"] == 1
    assert home_scanner.search(other, traces) == []
    small.run("ledger", "export", tmp_path / "whole.jsonl", "--with-vault").ok()
    lecs("ledger", "import", tmp_path / "whole.jsonl", "--accept-lost-erasures", home=other).ok()
    assert "<LOCATION_1>" in text_of(other, small.ids["held"])
    assert lecs("consent", "show", small.ids["held"], "--json", home=other).ok().json["state"] == "held"
    assert lecs("ledger", "verify", "--json", home=other).ok().json["ok"] is True


def test_a_restored_backup_does_not_bring_the_text_before_back(small: Any, lecs: Any, tmp_path: Path) -> None:
    """From before the marking: the text is gone, and a tombstone says so. From after: it is as it was left."""
    made = small.run("backup", tmp_path / "early", "--json").ok().json
    traces = must_go(small.path, small.ids["held"], SECRET)
    marked = small.run("held", "mark", small.ids["held"], spans_of(small, SECRET)).ok()
    assert "make a new one with `lecs backup`" in marked.err
    late = small.run("backup", tmp_path / "late", "--json", "--show-code").ok().json
    code = made["backup_code"]
    assert late["backup_code"] == code
    home = tmp_path / "restored"
    told = lecs("restore", tmp_path / "early", "--code", "-", "--json", stdin=code, home=home).ok().json
    assert told["dropped"] == 1
    assert lecs("consent", "show", small.ids["held"], "--json", home=home).ok().json["state"] == "erased"
    assert home_scanner.search(home, traces) == []
    assert lecs("ledger", "verify", "--json", home=home).ok().json["ok"] is True
    again = tmp_path / "again"
    lecs("restore", tmp_path / "late", "--code", "-", stdin=code, home=again).ok()
    assert "<LOCATION_1>" in text_of(again, small.ids["held"])
    assert lecs("ledger", "verify", "--json", home=again).ok().json["ok"] is True


def test_nobody_came_in_time(small: Any) -> None:
    """At the deadline the text is erased, with a tombstone that says why; others stay; a second time is nothing."""
    from consent.held import expire_held
    from consent.waiting import HELD_DAYS
    from substrate.record.times import days_after

    traces = home_scanner.traces_of(small.path, small.ids["held"])
    end = small.run("held", "list", "--json").ok().json["held"][0]["expires"]
    assert small.run("held", "expire", "--json").ok().json == {"expired": []}
    with open_home(small.path) as home:
        given = home.ledger.documents(kinds=["ConsentFact"], subject=small.ids["held"])
        assert end == days_after(next(given).body["time"], HELD_DAYS)
        assert expire_held(home, days_after(end, -1)) == []
        assert expire_held(home, end) == [small.ids["held"]]
        assert expire_held(home, end) == []
    assert home_scanner.search(small.path, traces) == []
    shown = small.run("consent", "show", small.ids["held"], "--json").ok().json
    assert (shown["state"], shown["erased_because"]) == ("erased", "held-expired")
    assert small.run("consent", "show", small.ids["second"], "--json").ok().json["state"] == "given"
    assert small.run("held", "confirm", small.ids["held"]).code == 18
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True


def test_an_expiry_that_died_is_finished_with_its_reason(small: Any) -> None:
    """The journal comes first; who finishes the erasure says why as well."""
    from consent.change import finish_erasures
    from substrate.store.erasures import ErasureJournal

    end = small.run("held", "list", "--json").ok().json["held"][0]["expires"]
    with open_home(small.path) as home:
        ErasureJournal(home.path).add(small.ids["held"], [small.rows["held"]])
        assert finish_erasures(home, end) == 1
    shown = small.run("consent", "show", small.ids["held"], "--json").ok().json
    assert (shown["state"], shown["erased_because"]) == ("erased", "held-expired")


def test_what_somebody_changed_is_noticed(small: Any) -> None:
    """The chain of rows, the bytes under a superseded row, a receipt without its redaction."""
    import sqlite3

    name = f"{small.ids['held'].removeprefix('urn:uuid:')}.json"
    with open_home(small.path) as home:
        old = home.database.connection.execute(
            "SELECT row, wrapped_key, sealed_text FROM items WHERE contribution = ?", (small.ids["held"],)
        ).fetchone()
        sealed = home.database.connection.execute("SELECT body, digest FROM sealed").fetchall()
    small.run("held", "mark", small.ids["held"], spans_of(small, SECRET)).ok()
    receipt = small.path / "receipts" / name
    body = json.loads(receipt.read_bytes())
    whole = receipt.read_bytes()
    body["redactions"][0]["rowAfter"] = "0" * 64
    receipt.write_text(json.dumps(body))
    assert small.run("consent", "verify", receipt).code == 8
    assert small.run("ledger", "verify").code == 12
    del body["redactions"]
    receipt.write_text(json.dumps(body))
    problems = small.run("ledger", "verify", "--json").json["problems"]
    assert any(name in problem for problem in problems), "its salt is not that of the row it then states"
    receipt.write_bytes(whole)
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    connection = sqlite3.connect(small.path / "ledger.sqlite3")
    connection.execute(
        "UPDATE items SET row = ?, wrapped_key = ?, sealed_text = ? WHERE contribution = ?", (*old, small.ids["held"])
    )
    connection.executemany("UPDATE sealed SET body = ? WHERE digest = ?", sealed)
    connection.commit()
    connection.close()
    problems = small.run("ledger", "verify", "--json").json["problems"]
    assert any("superseded" in problem for problem in problems)


def test_a_gap_or_a_fork_in_the_chain_is_named(small: Any) -> None:
    """A redaction of a row that the text never had, and a second one of the same row."""
    from substrate.record.documents import write_document

    small.run("held", "mark", small.ids["held"], spans_of(small, SECRET)).ok()
    for number, before in enumerate(("8" * 64, small.rows["held"])):
        fields = {
            "contribution": small.ids["held"], "rowBefore": before, "rowAfter": f"{number}" * 64,
            "redactor": "lecs-redactor-9", "time": "2026-11-22T12:00:00Z",
        }  # fmt: skip
        with open_home(small.path) as home, home.ledger.write() as writer:
            identifier = f"urn:uuid:00000000-0000-4000-8000-00000000000{number}"
            writer.add(write_document("Redaction", identifier, home.commons, fields, home.node, fields["time"]))
        report = small.run("ledger", "verify", "--json")
        assert report.code == 12
        assert sum("does not follow" in problem for problem in report.json["problems"]) == number + 1
