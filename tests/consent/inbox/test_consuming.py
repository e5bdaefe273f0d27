"""Consuming: a sealed batch and a report for each archive, or a reason; and the file only goes when it may."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent.inbox.batches import drop, pending_batches, pending_of
from consent.inbox.confirming import Confirmation
from consent.inbox.consuming import Inbox, check_folder
from consent.inbox.removal import Changed, claim
from consent.inbox.showing import show
from consent.intake import Terms
from consent.issue import Assistance
from consent.sources import UnreadableSource
from substrate.record.errors import NoAuthority
from substrate.store.errors import Busy, NotFound, Tampered, UnsafeKey
from substrate.store.pending import CONFIRMING, KEY
from substrate.store.refused_files import RefusedFiles

NOW = "2026-11-22T10:00:00Z"
Put = Callable[..., Path]


def report_of(path: Path) -> Any:
    return json.loads(path.with_name(f"{path.name}.report.json").read_bytes())


def test_a_batch_is_what_would_be_kept(inbox: Inbox, put: Put) -> None:
    """Redacted before it is sealed; nothing is signed or noted in the home; the report names lines and reasons."""
    path = put("a.jsonl", {}, {"text": "hold this"}, {"tier": "secret"})
    (taken,) = inbox.scan().taken
    assert taken.counts == {"ready": 1, "held": 1, "already": 0, "refused": 1}
    drafts = list(show(inbox.home, taken.batch))
    assert [(d.line, d.status, d.text) for d in drafts] == [
        (1, "ready", "Une histoire <SECRET_1>."), (2, "held", "hold this"), (3, "refused", ""),
    ]  # fmt: skip
    assert not any("secrète" in json.dumps(d.row, ensure_ascii=False) for d in drafts)
    assert not path.exists()
    assert [(line["line"], line["reason"]) for line in report_of(path)["lines"]] == [(2, "asked"), (3, "unknown-value")]
    assert "histoire" not in json.dumps(report_of(path))
    for table in ("items", "intake", "batches", "sealed"):
        assert inbox.home.database.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608


def test_the_same_bytes_make_one_batch(inbox: Inbox, put: Put) -> None:
    """Dropped again while they wait, under any name."""
    put("a.jsonl", {})
    put("b.jsonl", {})
    first, second = inbox.scan().taken
    assert first.batch == second.batch
    put("c.jsonl", {})
    inbox.scan()
    assert [one.counts for one in pending_batches(inbox.home)] == [{"ready": 1}]


HOSTILE: dict[str, bytes] = {
    "not-parquet.parquet": b"PAR1" + b"\xff" * 64 + b"PAR1",
    "bomb.jsonl.gz": gzip.compress(b"0" * 100_000),
    "letter.txt": b"A letter.",
    "utf16.csv": "text,language\nUne,fr\n".encode("utf-16"),
    "columns.csv": b"text,secret words\nUne,deux\n",
    "nothing.jsonl": b"\n\n\n",
    "deep.jsonl": b"[" * 100_000 + b"\n",
    "binary.jsonl": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_taken_stays_with_a_reason(inbox: Inbox, put: Put, name: str) -> None:
    """In the home and beside the file, until the file goes; what others dropped is taken all the same."""
    path = put(name, data=HOSTILE[name])
    put("zz.jsonl", {})
    scan = inbox.scan()
    assert [one.name for one in scan.taken] == ["zz.jsonl"]
    (refused,) = scan.refused
    assert (refused.name, bool(refused.detail)) == (name, True)
    assert path.read_bytes() == HOSTILE[name]
    assert (report_of(path)["state"], report_of(path)["reason"]) == ("refused", refused.reason)
    assert RefusedFiles(inbox.home.database).all() == [refused]
    path.unlink()
    inbox.scan()
    assert RefusedFiles(inbox.home.database).all() == []


def test_an_unchanged_refused_file_is_not_read_again_by_the_clock(inbox: Inbox, put: Put) -> None:
    """Only by a person, or once it changed."""
    path = put("a.jsonl", {"tier": "secret"})
    inbox.scan()
    read: list[str] = []
    inbox.retry = False
    assert [one.reason for one in inbox.scan(read.append).refused] == ["no-row-taken"]
    assert read == []
    path.write_bytes(path.read_bytes() + b"\n")
    os.utime(path, (1_700_000_100, 1_700_000_100))
    inbox.scan(read.append)
    assert read == ["a.jsonl"]


def test_a_file_that_changes_meanwhile_is_not_taken(inbox: Inbox, put: Put) -> None:
    """Nothing of it waits, and nothing of it is lost."""
    path = put("a.jsonl", {})
    make = inbox.redactor

    def write_meanwhile() -> Any:
        path.write_bytes(path.read_bytes() * 2)
        return make()

    inbox.redactor = write_meanwhile
    scan = inbox.scan()
    assert (scan.taken, scan.waiting) == ([], {"a.jsonl": "it changed while it was read"})
    assert path.read_bytes().count(b"\n") == 2
    assert pending_batches(inbox.home) == []


def test_another_file_in_its_place_is_not_claimed(inbox: Inbox, put: Put) -> None:
    """Even one of the same size and time."""
    from consent.inbox.folder import look

    path = put("a.jsonl", {})
    (seen,) = look(inbox.folder, inbox.seconds())
    (inbox.folder / "other").write_bytes(path.read_bytes())
    os.utime(inbox.folder / "other", (1_700_000_000, 1_700_000_000))
    (inbox.folder / "other").replace(path)
    with pytest.raises(Changed):
        claim(seen, "0" * 64)
    assert path.exists()


def test_a_link_with_the_hidden_name_leads_nowhere(inbox: Inbox, tmp_path: Path) -> None:
    """What a scan overwrites is never behind a link."""
    (tmp_path / "precious").write_text("mine")
    (inbox.folder / ".0.lecs-consumed").symlink_to(tmp_path / "precious")
    (inbox.folder / ".1.lecs-consumed").hardlink_to(tmp_path / "precious")
    inbox.scan()
    assert (tmp_path / "precious").read_text() == "mine"


def test_an_inbox_lies_outside_the_home(inbox: Inbox, tmp_path: Path) -> None:
    """Nor does the home lie in it."""
    for folder in (inbox.home.path, inbox.home.path / "keys", tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UnreadableSource):
            check_folder(inbox.home.path, folder)


def confirm(inbox: Inbox, batch: str, *, finish: bool = True, **terms: Any) -> list[tuple[int, str, str, str]]:
    confirmation = Confirmation(inbox.home, batch, Terms(**terms), lambda: NOW)
    told = [(one.line, one.status, one.reason, one.code) for one in confirmation.run()]
    if finish:
        confirmation.finish()
    return told


def test_a_broken_confirmation_goes_on_with_the_same_codes(inbox: Inbox, put: Put) -> None:
    """It can be neither dropped nor expire meanwhile, and signs nothing twice."""
    put("a.jsonl", *[{"text": f"Numéro {n}."} for n in range(3)])
    (taken,) = inbox.scan().taken
    first = confirm(inbox, taken.batch, finish=False)
    assert [one.state for one in pending_batches(inbox.home)] == [CONFIRMING]
    with pytest.raises(Busy):
        drop(inbox.home, taken.batch)
    assert confirm(inbox, taken.batch) == first
    assert len(inbox.home.vault.contributions()) == 3
    assert pending_batches(inbox.home) == []
    with pytest.raises(NotFound):
        confirm(inbox, taken.batch)


def test_what_the_law_refuses_now_goes_on_waiting(inbox: Inbox, put: Put) -> None:
    """A consent that ended while it waited: the other line is taken, this one stays until the batch expires."""
    put("a.jsonl", {"text": "Numéro un."}, {"text": "Numéro deux.", "expires": "2026-11-22T10:00:01Z"})
    (taken,) = inbox.scan().taken
    later = Confirmation(inbox.home, taken.batch, Terms(), lambda: "2026-11-23T10:00:00Z")
    told = [(one.line, one.status) for one in later.run()]
    later.finish()
    assert told == [(1, "accepted"), (2, "refused")]
    assert later.left == 1
    (left,) = pending_batches(inbox.home)
    assert (left.state, left.counts) == ("waiting", {"ready": 1})
    assert [d.line for d in show(inbox.home, taken.batch)] == [2]


def test_only_a_steward_looks_and_confirms(inbox: Inbox, put: Put) -> None:
    """Without the key there is nothing to see; and the batch still waits."""
    put("a.jsonl", {})
    (taken,) = inbox.scan().taken
    (inbox.home.path / "keys" / "steward.json").unlink()
    with pytest.raises(NoAuthority):
        list(show(inbox.home, taken.batch))
    with pytest.raises(NoAuthority):
        confirm(inbox, taken.batch, assistance=Assistance("steward"))
    assert [one.state for one in pending_batches(inbox.home)] == ["waiting"]


def test_changed_ciphertexts_and_keys_are_told(inbox: Inbox, put: Put) -> None:
    """By name; and a batch that nothing opens can still be dropped."""
    put("a.jsonl", {})
    (taken,) = inbox.scan().taken
    key = inbox.home.path / KEY
    key.chmod(0o644)
    with pytest.raises(UnsafeKey):
        list(pending_of(inbox.home).lines(taken.batch))
    key.chmod(0o600)
    good = key.read_bytes()
    key.write_bytes(bytes(32))
    with pytest.raises(Tampered, match="key of a pending batch"):
        list(pending_of(inbox.home).lines(taken.batch))
    key.write_bytes(good)
    inbox.home.database.connection.execute("UPDATE pending_items SET line = 2")
    with pytest.raises(Tampered, match="line 2"):
        list(pending_of(inbox.home).lines(taken.batch))
    key.unlink()
    with pytest.raises(Tampered, match="missing"):
        list(pending_of(inbox.home).lines(taken.batch))
    drop(inbox.home, taken.batch)
    assert pending_batches(inbox.home) == []
