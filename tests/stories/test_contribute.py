"""`lecs contribute`: nothing is assumed, everything gets a reason, and a broken run goes on where it was."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

FORM = """
language: fr
domain: letter
tier: public
purposes: [train, evaluate]
licence: CC0-1.0
contributor: {kind: pseudonym, name: Aubépine}
rights: {basis: author}
people: {conversation: false}
declared: {adult: true, minors: none, students: none, sensitive: none}
notice: "2026-11"
redacted: {by: Berthe Relue, spans: []}
"""


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A folder of two letters."""
    folder = tmp_path / "letters"
    (folder / "more").mkdir(parents=True)
    (folder / "b.txt").write_text("Chère Aubépine, le jardin attend toujours la pluie que tu avais promise.\r\n")
    (folder / "more" / "a.md").write_text("# Une lettre\n\nElle était restée dans le tiroir depuis la fin de l'été.\n")
    return folder


def test_a_folder_with_a_form(letters: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Files in the order of their names, each with the answers of the form."""
    (tmp_path / "form.yaml").write_text(FORM)
    home = tmp_path / "home"
    result = lecs("contribute", letters, "--consent", tmp_path / "form.yaml", "--json", home=home).ok()
    assert "There was no home" in result.err
    assert "founded a commons" in result.err
    assert (result.json["accepted"], result.json["refused"], result.json["held"]) == (2, 0, 0)
    listed = lecs("consent", "list", "--json", home=home).ok().json["contributions"]
    assert {c["standing"] for c in listed} == {"assisted-operator"}
    assert {c["preview"] for c in listed} == {"none"}


def test_a_paper_form_makes_it_assisted_by_a_steward(letters: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """The digest of the signed paper stands in the record, and every view shows the standing."""
    import hashlib

    (tmp_path / "form.yaml").write_text(FORM)
    (tmp_path / "scan.pdf").write_bytes(b"%PDF signed")
    home = tmp_path / "home"
    arguments = ("--consent", tmp_path / "form.yaml", "--form", tmp_path / "scan.pdf", "--preview", "steward")
    result = lecs("contribute", letters, *arguments, "--json", home=home).ok().json
    shown = lecs("consent", "show", result["contributions"][0]["id"], "--json", home=home).ok().json
    assert (shown["standing"], shown["preview"]) == ("assisted-steward", "steward")
    bundle = json.loads(Path(result["contributions"][0]["receipt"]).read_bytes())
    assert bundle["record"]["assisted"] == {"by": "steward", "form": hashlib.sha256(b"%PDF signed").hexdigest()}
    assert result["contributions"][0]["id"] == bundle["fact"]["contribution"]


def test_missing_answers_are_named(letters: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Without a form every file is refused (3), and the detail names each key that was not answered."""
    result = lecs("contribute", letters, "--json", home=tmp_path / "home")
    assert result.code == 3
    details = {one["detail"] for one in result.json["contributions"]}
    (detail,) = details
    for key in ("language", "tier", "purposes", "licence", "declared", "rights", "people", "contributor", "notice"):
        assert key in detail


def test_an_empty_form_has_nothing_preselected(letters: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """`lecs consent form` prints keys without answers; used as it is, every row is refused."""
    form = lecs("consent", "form").ok().out
    (tmp_path / "form.yaml").write_text(form)

    def leaves(value: Any) -> list[Any]:
        return [leaf for child in value.values() for leaf in leaves(child)] if isinstance(value, dict) else [value]

    assert set(leaves(yaml.safe_load(form))) == {None}
    result = lecs("contribute", letters, "--consent", tmp_path / "form.yaml", "--json", home=tmp_path / "home")
    assert result.code == 3
    assert {one["reason"] for one in result.json["contributions"]} == {"missing-answer"}


def test_a_filled_form_is_enough(letters: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Every key that a row needs is in the empty form."""
    answers: dict[str, Any] = yaml.safe_load(FORM)
    empty: dict[str, Any] = yaml.safe_load(lecs("consent", "form").ok().out)
    for key, value in answers.items():
        if key != "redacted":
            assert key in empty
            if isinstance(value, dict):
                assert set(value) <= set(empty[key])
    (tmp_path / "form.yaml").write_text(yaml.safe_dump({**empty, **answers}))
    home = tmp_path / "home"
    assert (
        lecs("contribute", letters, "--consent", tmp_path / "form.yaml", "--json", home=home).ok().json["accepted"] == 2
    )


def test_codes_go_to_a_file_of_their_own(letters: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Mode 0600, one line per text, on no screen; a file that is there already is never written over."""
    (tmp_path / "form.yaml").write_text(FORM)
    home, codes = tmp_path / "home", tmp_path / "codes.csv"
    arguments = ("contribute", letters, "--consent", tmp_path / "form.yaml", "--codes", codes)
    codes.write_text("mine")
    assert lecs(*arguments, home=home).code == 2
    assert codes.read_text() == "mine"
    assert not home.exists()
    codes.unlink()
    result = lecs(*arguments, home=home).ok()
    assert codes.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(codes.open()))
    assert [row["line"] for row in rows] == ["1", "2"]
    for row in rows:
        assert row["withdrawal_code"] not in result.out + result.err
        assert lecs("consent", "withdraw", "--code", "-", stdin=row["withdrawal_code"], home=home).code == 0


def test_codes_to_a_file_and_json(letters: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """With --codes, the JSON does not repeat them."""
    (tmp_path / "form.yaml").write_text(FORM)
    arguments = (
        "contribute",
        letters,
        "--consent",
        tmp_path / "form.yaml",
        "--codes",
        tmp_path / "codes.csv",
        "--json",
    )
    result = lecs(*arguments, home=tmp_path / "home").ok()
    assert {one["withdrawal_code"] for one in result.json["contributions"]} == {""}
    assert len((tmp_path / "codes.csv").read_text().splitlines()) == 3


def test_a_row_beats_the_form_key_by_key(
    tmp_path: Path, lecs: Callable[..., Any], make_row: Callable[..., Any], rows_file: Callable[..., Path]
) -> None:
    """The form answers only what the row leaves open."""
    (tmp_path / "form.yaml").write_text(FORM)
    rows = [{"text": make_row()["text"], "tier": "training-only", "contributor": {"name": "Églantine"}}]
    file = rows_file(tmp_path / "rows.jsonl", rows)
    home = tmp_path / "home"
    one = (
        lecs("contribute", file, "--consent", tmp_path / "form.yaml", "--json", home=home).ok().json["contributions"][0]
    )
    bundle = json.loads(Path(one["receipt"]).read_bytes())
    assert bundle["record"]["tier"] == "training-only"
    assert bundle["record"]["contributor"] == {"kind": "pseudonym", "name": "Églantine"}


@pytest.mark.models
def test_redaction_comes_before_signing(
    tmp_path: Path, lecs: Callable[..., Any], make_row: Callable[..., Any], rows_file: Callable[..., Path]
) -> None:
    """What is kept has placeholders; the address is nowhere in the home, in clear or sealed."""
    from substrate.store.home import open_home

    text = (
        "My neighbour Margaret Holloway keeps bees behind the old school, and on Sundays she brings honey to everyone. "
        "Write to her at margaret.holloway@example.org if you would like a jar of it before the winter comes."
    )
    marked = "Le courrier de Ginette arrive à ginette@example.org chaque lundi, et elle répond le mardi matin."
    spans = [{"start": 15, "end": 22, "label": "PERSON"}]
    rows = [
        make_row(text, language="en", redacted=None, title="Margaret Holloway and her bees"),
        make_row(marked, redacted={"by": "Berthe Relue", "second": "Lise Relue", "spans": spans}),
    ]
    home = tmp_path / "home"
    result = lecs("contribute", rows_file(tmp_path / "rows.jsonl", rows), "--json", home=home).ok().json
    with open_home(home) as opened:
        first, second = (opened.vault.get(one["id"]).text.decode() for one in result["contributions"])
        records = [json.loads(opened.vault.private(one["id"])[0]) for one in result["contributions"]]
    assert "<EMAIL_ADDRESS_1>" in first
    assert "<PERSON_1>" in first
    assert "Holloway" not in first
    assert "Holloway" not in json.dumps(records)
    assert second.startswith("Le courrier de <PERSON_1> arrive à <EMAIL_ADDRESS_1>")
    assert (records[1]["redaction"]["markedBy"], records[1]["redaction"]["secondReader"]) == (
        "Berthe Relue",
        "Lise Relue",
    )


def test_a_charter_that_asks_for_a_second_reader(
    tmp_path: Path, lecs: Callable[..., Any], make_row: Callable[..., Any], rows_file: Callable[..., Path]
) -> None:
    """Marked by one person only, or twice by the same: held, not lost, and never in a version."""
    (tmp_path / "charter.yaml").write_text("secondReader: true\n")
    home = tmp_path / "home"
    lecs("init", "--charter", tmp_path / "charter.yaml", home=home).ok()
    rows = [
        make_row(redacted={"by": "Berthe", "spans": []}),
        make_row(redacted={"by": "Berthe", "second": "Berthe", "spans": []}),
        make_row(redacted={"by": "Berthe", "second": "Lise", "spans": []}),
    ]
    result = lecs("contribute", rows_file(tmp_path / "rows.jsonl", rows), "--json", home=home).ok().json
    assert [one["status"] for one in result["contributions"]] == ["held", "held", "accepted"]
    assert result["contributions"][0]["reason"] == "second-reader-missing"


def test_holding_and_previews_of_the_charter(
    tmp_path: Path, lecs: Callable[..., Any], make_row: Callable[..., Any], rows_file: Callable[..., Path]
) -> None:
    """Days to think it over: taken, and not used yet. A preview that the charter does not admit: refused."""
    (tmp_path / "charter.yaml").write_text("holdDays: 7\npreviews: [contributor]\n")
    home = tmp_path / "home"
    lecs("init", "--charter", tmp_path / "charter.yaml", home=home).ok()
    file = rows_file(tmp_path / "rows.jsonl", [make_row()])
    refused = lecs("contribute", file, "--json", home=home)
    assert refused.code == 3
    assert refused.json["contributions"][0]["reason"] == "preview-not-admitted"
    one = lecs("contribute", file, "--preview", "contributor", "--json", home=home).ok().json["contributions"][0]
    gate = lecs("consent", "show", one["id"], "--json", home=home).ok().json["gate"]
    assert set(gate.values()) == {"on-hold"}
    assert lecs("contribute", file, "--preview", "somebody", home=home).code == 2


def long_archive(path: Path, make_row: Callable[..., Any], rows_file: Callable[..., Path], lines: int = 600) -> Path:
    """Enough lines for several transactions, all different."""
    rows = [make_row(f"Histoire numéro {n}, que personne n'a encore racontée de cette façon-là.") for n in range(lines)]
    return rows_file(path, rows)


def start(file: Path, home: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """`lecs contribute` as a process of its own group."""
    command = [str(Path(sys.executable).parent / "lecs"), "contribute", str(file), "--json", "--home", str(home)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
    )


def taken(home: Path) -> int:
    """How many lines are durable."""
    try:
        connection = sqlite3.connect(f"file:{home / 'ledger.sqlite3'}?mode=ro", uri=True)
        try:
            return int(connection.execute("SELECT count(*) FROM intake").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error:
        return 0


def test_killed_in_the_middle(
    tmp_path: Path,
    lecs: Callable[..., Any],
    make_row: Callable[..., Any],
    rows_file: Callable[..., Path],
    environment: Callable[..., dict[str, str]],
) -> None:
    """kill -9: what was taken is there once, every line has a code that works, and no chunk is half visible."""
    home, file = tmp_path / "home", long_archive(tmp_path / "rows.jsonl", make_row, rows_file)
    process = start(file, home, environment(HOME=str(tmp_path)))
    while taken(home) == 0 and process.poll() is None:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = taken(home)
    assert 0 < before < 600, "killed too late to prove anything"
    verified = lecs("ledger", "verify", "--json", home=home).ok().json
    assert verified["documents"] == 13 + before, "documents and notes of a chunk appear together"
    first = lecs("consent", "list", "--json", home=home).ok().json["contributions"]
    result = lecs("contribute", file, "--json", home=home).ok().json
    assert result["accepted"] == 600
    ids = [one["id"] for one in result["contributions"]]
    assert len(set(ids)) == 600
    assert {c["id"] for c in first} <= set(ids)
    assert lecs("ledger", "verify", "--json", home=home).ok().json["documents"] == 613
    codes = [one["withdrawal_code"] for one in result["contributions"]]
    assert len(set(codes)) == 600
    stored = {c["id"] for c in first}
    old = next(one for one in result["contributions"] if one["id"] in stored)
    new = next(one for one in result["contributions"] if one["id"] not in stored)
    for one in (old, new):
        told = lecs("consent", "withdraw", "--code", "-", "--json", stdin=one["withdrawal_code"], home=home).ok().json
        assert told["contribution"] == one["id"]
        assert lecs("consent", "verify", one["receipt"], home=home).code == 11
    again = lecs("contribute", file, "--json", home=home).ok().json
    assert (again["accepted"], again["already"]) == (0, 600)


def test_erased_between_a_broken_run_and_its_end(
    small: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    make_row: Callable[..., Any],
    rows_file: Callable[..., Path],
) -> None:
    """The run that goes on gives every other line its receipt, and none to the erased one."""
    from consent.intake import Intake

    file = rows_file(tmp_path / "more.jsonl", [make_row(f"Encore une histoire, la numéro {n}.") for n in range(2)])
    monkeypatch.setattr(Intake, "finish", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    broken = small.run("contribute", file, "--json")
    assert broken.code == 130
    monkeypatch.undo()
    first, second = json.loads(broken.out)["contributions"]
    small.run("consent", "erase", "--code", "-", stdin=first["withdrawal_code"]).ok()
    resumed = small.run("contribute", file, "--json").ok().json["contributions"]
    assert [one["withdrawal_code"] for one in resumed] == [first["withdrawal_code"], second["withdrawal_code"]]
    assert resumed[0]["receipt"] == ""
    assert resumed[1]["receipt"] == second["receipt"]


def test_two_forms_never_share_a_code(
    tmp_path: Path,
    lecs: Callable[..., Any],
    make_row: Callable[..., Any],
    rows_file: Callable[..., Path],
    monkeypatch: Any,
) -> None:
    """The same source with another form is another batch: its codes open other contributions."""
    from consent.intake import Intake

    file = rows_file(tmp_path / "rows.jsonl", [make_row(licence=None)])
    home = tmp_path / "home"
    monkeypatch.setattr(Intake, "finish", lambda self: None)
    found = []
    for licence in ("CC0-1.0", "CC-BY-4.0", "CC0-1.0"):
        (tmp_path / "form.yaml").write_text(f"licence: {licence}\n")
        result = lecs("contribute", file, "--consent", tmp_path / "form.yaml", "--json", home=home).ok().json
        found.append((result["contributions"][0]["id"], result["contributions"][0]["withdrawal_code"]))
    assert found[0] == found[2]
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]


def test_two_at_once(
    tmp_path: Path,
    lecs: Callable[..., Any],
    make_row: Callable[..., Any],
    rows_file: Callable[..., Path],
    environment: Callable[..., dict[str, str]],
) -> None:
    """Two processes with the same archive and no home yet: everything is there once, and both end well."""
    home, file = tmp_path / "home", long_archive(tmp_path / "rows.jsonl", make_row, rows_file, 300)
    processes = [start(file, home, environment(HOME=str(tmp_path))) for _ in range(2)]
    ends = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], [err[-500:] for _, err in ends]
    told = [json.loads(out) for out, _ in ends]
    ids = [{one["id"] for one in answer["contributions"]} for answer in told]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 300
    assert lecs("ledger", "verify", "--json", home=home).ok().json["documents"] == 313
    codes = {
        one["id"]: one["withdrawal_code"]
        for answer in told
        for one in answer["contributions"]
        if one["withdrawal_code"]
    }
    assert len(codes) == 300
    one = next(iter(codes))
    told_back = lecs("consent", "withdraw", "--code", "-", "--json", stdin=codes[one], home=home).ok().json
    assert told_back["contribution"] == one
