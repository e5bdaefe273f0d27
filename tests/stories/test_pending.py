"""The inbox: an archive is dropped, looked at, confirmed, dropped or left to expire; its text is nowhere meanwhile."""

import json
import os
from pathlib import Path
from typing import Any

import dagster as dg
import home_scanner
import polars as pl
import pytest

from consent.inbox.batches import PENDING_DAYS
from consent.inbox.lapsing import expire_pending
from lecs_pipeline.clock import now
from lecs_pipeline.definitions import defs
from lecs_pipeline.inbox_sensor import inbox as inbox_sensor
from lecs_pipeline.runs import open_instance
from substrate.record.times import days_after
from substrate.store.home import open_home

pytestmark = [pytest.mark.models, pytest.mark.dagster]

SECRETS = ("berthold.quast@moulin.example", "+33 1 99 00 12 34")
TEXT = f"Le meunier répondait à {SECRETS[0]} quand la rivière montait, ou bien au {SECRETS[1]} le dimanche matin."
OLD = 1_700_000_000


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder outside the home."""
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def settle(path: Path) -> Path:
    """As if it had been written long ago."""
    os.utime(path, (OLD, OLD))
    return path


def rows_of(make_row: Any) -> list[dict[str, Any]]:
    """One of each end: accepted, held, refused."""
    return [
        make_row(TEXT, contributor={"kind": "pseudonym", "name": "Zéphirine Loutre"}),
        make_row("Una historia que nadie ha marcado todavía, de la casa del molino.", language="es", redacted=None),
        make_row("Celui-ci vient sans niveau connu, et personne ne le prend.", tier="secret"),
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """The same rows in the format of the name."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    elif path.suffix == ".parquet":
        pl.DataFrame(flat(rows)).write_parquet(path)
    else:
        pl.DataFrame([{k: spelled(v) for k, v in row.items()} for row in flat(rows)]).write_csv(path)
    return settle(path)


def flat(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nested answers as dotted columns; marked spans are left out, so these rows are held."""
    columns = {"declared.sensitive": "none"}
    found = []
    for row in rows:
        one: dict[str, Any] = {}
        for key, value in row.items():
            if key != "redacted":
                one.update({f"{key}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {key: value})
        found.append({**one, **columns, "contributor.name": one.get("contributor.name")})
    return found


def spelled(value: Any) -> Any:
    """A cell of a table."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ";".join(value) if isinstance(value, list) else value


def found_in(place: Path, words: tuple[str, ...] = SECRETS) -> list[str]:
    """Files below a place in which one of the words is, decoded whatever their format."""
    traces = {word: [word.encode(), json.dumps(word)[1:-1].encode()] for word in words}
    return [file for _, file in home_scanner.search(place, traces)]


def test_dropped_listed_shown_confirmed_built(small: Any, inbox: Path, make_row: Any, tmp_path: Path) -> None:
    """The whole way: nothing is signed before the confirmation, which then does what `lecs contribute` does."""
    archive = write(inbox / "archive.jsonl", rows_of(make_row))
    assert found_in(inbox), "the search finds the text while it is there"
    before = len(small.run("consent", "list", "--json").ok().json["contributions"])

    taken = small.run("pending", "scan", inbox, "--json").ok().json
    (batch,) = [one["batch"] for one in taken["taken"]]
    assert not archive.exists()
    assert [path.name for path in inbox.iterdir()] == ["archive.jsonl.report.json"]
    assert found_in(inbox) == found_in(small.path) == []
    assert found_in(tmp_path) == []

    (listed,) = small.run("pending", "list", "--json").ok().json["batches"]
    assert (listed["batch"], listed["items"], listed["held"], listed["refused"]) == (batch, 2, 1, 1)
    assert listed["expires"] == days_after(listed["expires"], 0)
    assert len(small.run("consent", "list", "--json").ok().json["contributions"]) == before, "nothing is signed"

    shown = small.run("pending", "show", batch[:12], "--json").ok().json
    assert [(line["status"], line["reason"]) for line in shown["lines"]] == [
        ("ready", ""), ("held", "declared-language-not-validated:es"), ("refused", "unknown-value"),
    ]  # fmt: skip
    assert shown["languages"] == {"fr": 1, "es": 1}
    assert small.run("pending", "show", batch, "--texts").code == 2, "not where it is no terminal"
    texts = small.run("pending", "show", batch, "--texts", "--anywhere").ok().out
    assert "<EMAIL" in texts
    assert not any(secret in texts for secret in SECRETS)
    assert found_in(tmp_path) == []

    codes = tmp_path / "codes.csv"
    told = small.run("pending", "confirm", batch, "--codes", codes, "--json").ok().json
    assert (told["accepted"], told["held"], told["refused"]) == (1, 1, 1)
    assert small.run("pending", "list", "--json").ok().json["batches"] == []
    code = codes.read_text().splitlines()[1].rpartition(",")[2]
    (accepted, held, refused) = told["contributions"]
    assert refused["reason"] == "unknown-value"
    version = small.run("dataset", "build", "--json").ok().json
    assert version["items"] == small.run("dataset", "show", small.version, "--json").ok().json["items"] + 1
    gone = small.run("consent", "withdraw", "--code", "-", "--json", stdin=code).ok().json
    assert gone["contribution"] == accepted["id"]
    assert held["id"] in {one["id"] for one in small.run("held", "list", "--json").ok().json["held"]}
    assert small.run("ledger", "verify", "--json").ok().json["ok"]


def test_signed_as_by_contribute(small: Any, copy_home: Any, inbox: Path, make_row: Any, tmp_path: Path) -> None:
    """The same archive, once through the inbox and once directly: the same documents but for chance and time."""
    rows = rows_of(make_row)
    direct = copy_home(tmp_path / "direct")
    given = direct.run("contribute", write(tmp_path / "archive.jsonl", rows), "--json").ok().json
    write(inbox / "archive.jsonl", rows)
    (taken,) = small.run("pending", "scan", inbox, "--json").ok().json["taken"]
    told = small.run("pending", "confirm", taken["batch"], "--json").ok().json
    keys = ("line", "status", "reason", "detail")
    assert [[one[key] for key in keys] for one in told["contributions"]] == [
        [one[key] for key in keys] for one in given["contributions"]
    ]
    for one, other in zip(told["contributions"], given["contributions"], strict=True):
        if one["id"]:
            assert signed(small.path, one["id"]) == signed(direct.path, other["id"])
    again = small.run("contribute", tmp_path / "archive.jsonl", "--json").ok().json
    assert (again["already"], again["accepted"]) == (2, 0), "a row is known again, whichever way it came"


def signed(path: Path, contribution: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Record, fact and kept bytes without what is random or a time."""
    with open_home(path) as home:
        record = json.loads(home.vault.private(contribution, "ConsentRecord")[0])
        fact = dict(next(home.ledger.documents(kinds=["ConsentFact"], subject=contribution)).body)
        text = home.vault.get(contribution).text
    for body in (record, fact):
        for key in ("id", "nonce", "withdrawalKey", "proof", "event", "time", "contribution", "record", "row"):
            body.pop(key, None)
    for key in ("id", "commitment"):
        record["content"].pop(key)
    return record, fact, text


@pytest.mark.long  # Row 5 of `make prove ISSUE=5`.
def test_dropped_and_expired_leave_nothing(small: Any, lecs: Any, inbox: Path, make_row: Any, tmp_path: Path) -> None:
    """The redacted text, its key and the name of its bringer are in no file of the home, nor in a restored backup."""
    (row,) = rows_of(make_row)[:1]
    kept = ("Le meunier répondait", "quand la rivière montait", "Zéphirine Loutre")
    told = small.run("backup", tmp_path / "backups", "--show-code", "--json").ok().json
    for end in ("drop", "expire"):
        write(inbox / "archive.jsonl", [row])
        (taken,) = small.run("pending", "scan", inbox, "--json").ok().json["taken"]
        secrets = traces_of(small.path, taken["batch"])
        assert opened(small.path, taken["batch"], kept), "sealed, and opened with the key of the batch"
        assert home_scanner.search(small.path, secrets), "the search finds key and ciphertext while they are there"
        small.run("backup", tmp_path / "backups", "--json").ok()
        if end == "drop":
            assert small.run("pending", "drop", taken["batch"], "--json").ok().json == {"dropped": taken["batch"]}
        else:
            with open_home(small.path) as home:
                assert expire_pending(home, now()) == []
                assert expire_pending(home, days_after(now(), PENDING_DAYS + 1)) == [taken["batch"]]
        assert small.run("pending", "list", "--json").ok().json["batches"] == []
        assert small.run("pending", "show", taken["batch"]).code == 5
        assert home_scanner.search(small.path, secrets) == []
        assert found_in(tmp_path, kept) == []
    restore = ("restore", tmp_path / "backups", "--code", "-", "--home", tmp_path / "restored")
    lecs(*restore, stdin=told["backup_code"]).ok()
    assert lecs("pending", "list", "--json", home=tmp_path / "restored").ok().json["batches"] == []
    assert home_scanner.search(tmp_path / "restored", secrets) == [], "no home gets what the backup holds sealed"


def test_a_confirmation_that_was_never_finished_lapses(
    small: Any, inbox: Path, make_row: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was signed stays, with its code; every text of the batch is gone from it; what was not signed is erased."""
    from consent.inbox.batches import pending_of
    from consent.inbox.confirming import Confirmation
    from consent.intake import Terms

    monkeypatch.setattr("consent.intake.CHUNK", 1)
    write(inbox / "archive.jsonl", rows_of(make_row))
    (taken,) = small.run("pending", "scan", inbox, "--json").ok().json["taken"]
    with open_home(small.path) as home:
        run = Confirmation(home, taken["batch"], Terms(preview="none"), now).run()
        first = next(run)
        run.close()
        assert (first.status, bool(first.code)) == ("accepted", True)
        after = days_after(now(), PENDING_DAYS + 1)
        for _ in range(2):
            assert expire_pending(home, after) == [], "its code is not handed over yet"
            assert [(one.line, one.status) for one in pending_of(home).lines(taken["batch"])] == [(1, "ready")]
        assert not opened(small.path, taken["batch"], ("Le meunier",))
    told = small.run("pending", "confirm", taken["batch"], "--codes", tmp_path / "codes.csv", "--json").ok().json
    assert [(one["id"], one["status"]) for one in told["contributions"]] == [(first.contribution, "accepted")]
    assert first.code in (tmp_path / "codes.csv").read_text()
    assert small.run("pending", "list", "--json").ok().json["batches"] == []


def test_an_erasure_reaches_a_batch_whose_confirmation_was_never_finished(
    small: Any, inbox: Path, make_row: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sealed copy of the erased text goes; the other lines of the batch stay, and are signed later."""
    from consent.inbox.batches import pending_of
    from consent.inbox.confirming import Confirmation
    from consent.inbox.draft import unseal
    from consent.intake import Terms

    monkeypatch.setattr("consent.intake.CHUNK", 1)
    write(inbox / "archive.jsonl", rows_of(make_row))
    (taken,) = small.run("pending", "scan", inbox, "--json").ok().json["taken"]
    with open_home(small.path) as home:
        run = Confirmation(home, taken["batch"], Terms(preview="none"), now).run()
        first = next(run)
        run.close()
        before = {one.line: unseal(one).text for one in pending_of(home).lines(taken["batch"])}
    small.run("consent", "erase", "--code", "-", "--json", stdin=first.code).ok()
    with open_home(small.path) as home:
        after = {one.line: unseal(one).text for one in pending_of(home).lines(taken["batch"])}
    assert before[first.line]
    assert after == before | {first.line: ""}
    told = small.run("pending", "confirm", taken["batch"], "--codes", tmp_path / "codes.csv", "--json").ok().json
    assert first.contribution in {one["id"] for one in told["contributions"]}
    assert small.run("pending", "list", "--json").ok().json["batches"] == []


def traces_of(path: Path, batch: str) -> home_scanner.Traces:
    """The wrapped key of a batch and its ciphertexts."""
    with open_home(path) as home:
        run = home.database.connection.execute
        (wrapped,) = run("SELECT wrapped_key FROM pending_batches WHERE batch = ?", (batch,)).fetchone()
        sealed = [bytes(one) for (one,) in run("SELECT sealed FROM pending_items WHERE batch = ?", (batch,))]
    blocks = [data[i : i + 32] for data in sealed for i in range(0, len(data) - 32, 32)]
    return {"wrapped key": [bytes(wrapped)], "ciphertext": blocks}


def opened(path: Path, batch: str, words: tuple[str, ...]) -> bool:
    """Whether the key of the batch opens lines that hold all of the words."""
    from consent.inbox.batches import pending_of

    with open_home(path) as home:
        bodies = b"".join(one.body for one in pending_of(home).lines(batch)).decode("utf-8")
    return all(word in bodies for word in words)


def tick(small: Any, inbox: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, cursor: Any) -> Any:
    """One tick of the sensor, in the environment of `lecs ui`."""
    monkeypatch.setenv("LECS_HOME", str(small.path))
    monkeypatch.setenv("LECS_INBOX", str(inbox))
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        return inbox_sensor(context)


def look(small: Any, instance: dg.DagsterInstance) -> dict[str, Any]:
    """A run of the job; what it shows of the asset."""
    from assets.workspace import Workspace

    done = defs.resolve_job_def("take_inbox").execute_in_process(
        instance=instance, resources={"workspace": Workspace(home=str(small.path))}
    )
    (event,) = done.asset_materializations_for_node("pending")
    return {key: value.value for key, value in event.metadata.items()}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_dagster_consumes_the_configured_inbox(
    small: Any, inbox: Path, make_row: Any, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """The sensor asks once the file is whole, the run takes it in; neither shows a text, a name or a file's name."""
    with open_instance(small.path) as instance:
        assert isinstance(tick(small, inbox, instance, monkeypatch, None), dg.SkipReason), "nothing lies there"
        archive = write(inbox / f"letters-of-zephirine.{ending}", rows_of(make_row))
        os.utime(archive)
        assert isinstance(tick(small, inbox, instance, monkeypatch, None), dg.SkipReason), "it was written just now"
        settle(archive)
        asked = tick(small, inbox, instance, monkeypatch, None)
        assert len(asked.run_requests) == 1
        shown = look(small, instance)
        assert (shown["dagster/row_count"], shown["archives_taken"], shown["archives_refused"]) == (2, 1, 0)
        (batch,) = small.run("pending", "list", "--json").ok().json["batches"]
        assert batch["batch"][:13] in shown["batches"]
        assert isinstance(tick(small, inbox, instance, monkeypatch, asked.cursor), dg.SkipReason), "it is consumed"
        write(inbox / "bad.jsonl", [make_row(tier="secret")])
        again = tick(small, inbox, instance, monkeypatch, asked.cursor)
        assert len(again.run_requests) == 1
        assert look(small, instance)["archives_refused"] == 1
        assert isinstance(tick(small, inbox, instance, monkeypatch, again.cursor), dg.SkipReason), "refused, unchanged"
    assert found_in(small.path / "dagster", (*SECRETS, "Zéphirine", "letters-of", "Le meunier")) == []
    told = small.run("pending", "confirm", batch["batch"], "--json").ok().json
    assert (told["held"], told["refused"]) == (2, 1)
