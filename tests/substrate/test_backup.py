"""Backups: whole or refused, consistent while others write, and never older than the journal beside them."""

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from substrate.record.codes import write_code
from substrate.store.backup import keep_told, known_folders, restore_home, write_backup
from substrate.store.backup.container import CHUNK, Label, OpeningReader, SealingWriter, read_label
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import HomeExists, LostErasures, NotFound, Tampered, WrongCode
from substrate.store.exchange import read_export, store_import, write_export
from substrate.store.home import open_home
from substrate.store.verify import verify_home

TIME = "2026-11-23T09:00:00Z"
LATER = "2026-11-24T09:00:00Z"


class Backed:
    """A home with texts, its backup folder and code."""

    def __init__(self, made, folder: Path) -> None:
        self.made, self.folder = made, folder
        with made.open() as home:
            home.blobs.put(b"a manifest")
            home.keyring.create_contributor("heteronym", "Alice")
            done = write_backup(home, folder, TIME)
        self.file, self.code = done.path, done.code

    def erase(self, number: int = 0) -> str:
        """What an erasure does on the ground floor: journal, folders, then the text."""
        contribution = list(self.made.texts)[number]
        with self.made.open() as home:
            ErasureJournal(home.path).add(contribution, home.vault.rows(contribution))
            keep_told(home)
            with home.ledger.write() as writer:
                home.vault.destroy(writer.connection, contribution)
                writer.add(self.made.commons.write("Erased", home.node, contribution, contribution=contribution))
        return contribution

    def restore(self, target: Path, **options):
        return restore_home(options.pop("place", self.folder), target, self.code, LATER, **options)


@pytest.fixture
def backed(home_with_texts, tmp_path) -> Backed:
    """Three texts, one of them federated, and one backup."""
    return Backed(home_with_texts(), tmp_path / "backups")


# --- the container -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_any_length_comes_back(size: int) -> None:
    """Written in pieces of any size, read in pieces of any size."""
    draw, data, file = random.Random(size), os.urandom(size), io.BytesIO()
    label = Label("series", "check", TIME)
    writer, place = SealingWriter(file, label, bytes(32)), 0
    while place < size:
        step = draw.randrange(1, 2 * CHUNK)
        writer.write(data[place : place + step])
        place += step
    writer.finish()
    file.seek(0)
    assert read_label(file) == label
    reader, found = OpeningReader(file, label, bytes(32)), b""
    while piece := reader.read(draw.randrange(1, 2 * CHUNK)):
        found += piece
    assert found == data


def test_chunks_cannot_be_exchanged_left_out_repeated_or_added() -> None:
    """Each is bound to its place, the last one is marked, and nothing follows it."""
    file, label = io.BytesIO(), Label("series", "check", TIME)
    writer = SealingWriter(file, label, bytes(32))
    writer.write(os.urandom(4 * CHUNK + 5))
    writer.finish()
    raw, start, step = file.getvalue(), len(label.raw) + 24, CHUNK + 17
    chunks = [raw[n : n + step] for n in range(start, len(raw), step)]
    assert len(chunks) == 5
    head = raw[:start]
    wrong = {
        "exchanged": [chunks[1], chunks[0], *chunks[2:]],
        "left out": chunks[1:],
        "repeated": [chunks[0], *chunks],
        "without its end": chunks[:-1],
        "the end twice": [*chunks, chunks[-1]],
        "another file's": [*chunks[:2], os.urandom(step), *chunks[3:]],
    }
    for name, some in wrong.items():
        stream = io.BytesIO(head + b"".join(some))
        with pytest.raises(Tampered):  # noqa: PT012
            OpeningReader(stream, read_label(stream), bytes(32)).drain()
            pytest.fail(name)


# --- whole or refused --------------------------------------------------------------------------------


def test_a_restored_home_is_the_same(backed: Backed, tmp_path) -> None:
    """Documents, texts, blobs, keys with their modes; a new log; it verifies, and can be written to."""
    restored = backed.restore(tmp_path / "again")
    assert (restored.dropped, restored.learned, restored.accepted, restored.backup_time) == (0, 0, False, TIME)
    with backed.made.open() as home, open_home(tmp_path / "again") as again:
        old = {d.digest for d in home.ledger.documents()}
        new = [d for d in again.ledger.documents() if d.digest not in old]
        assert [d.kind for d in new] == ["HomeRestored"]
        assert new[0].body["fromLog"]["log"] == home.ledger.origin
        assert {k.contribution: k.text for k in again.vault.all()} == backed.made.texts
        assert list(again.blobs.names()) == list(home.blobs.names())
        assert [f.did for f in again.keyring.files()] == [f.did for f in home.keyring.files()]
        assert again.ledger.origin != home.ledger.origin
        assert again.ledger.origin == restored.log
        assert again.ledger.origin.partition("/")[0] == home.node.did
        assert len(again.ledger.cut()) == 2
        for fact in home.ledger.documents(kinds=["ConsentFact"]):
            assert again.ledger.inclusion(fact.digest) == home.ledger.inclusion(fact.digest)
        with again.ledger.write() as writer:
            writer.add(
                backed.made.commons.write("Erased", again.node, "x", contribution=backed.made.commons.contribution)
            )
        assert verify_home(again).problems == []
    for path in (tmp_path / "again" / "keys").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)
    assert (tmp_path / "again").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "again" / "ledger.sqlite3").stat().st_mode & 0o777 == 0o600


def test_no_text_salt_or_key_stands_open_in_a_backup(backed: Backed) -> None:
    """Nor in the journal beside it; both are for the owner's eyes only."""
    with backed.made.open() as home:
        kept = list(home.vault.all())
        seeds = [path.read_bytes() for path in (home.path / "keys").rglob("*.json")]
    for path in backed.folder.iterdir():
        raw = path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
        assert not any(item.text in raw or item.salt in raw for item in kept)
        assert not any(seed[20:60] in raw for seed in seeds)


def test_a_change_anywhere_is_refused(backed: Backed, tmp_path) -> None:
    """One bit, at places over the whole file: nothing is restored, and nothing is left behind."""
    raw = backed.file.read_bytes()
    draw = random.Random(3)
    places = [*range(0, 250, 7), *(draw.randrange(len(raw)) for _ in range(60)), len(raw) - 1]
    for place in places:
        changed = bytearray(raw)
        changed[place] ^= 1 << draw.randrange(8)
        backed.file.write_bytes(changed)
        with pytest.raises((Tampered, WrongCode, LostErasures)):
            backed.restore(tmp_path / "again")
    for length in [0, 5, 14, 60, 200, len(raw) // 2, len(raw) - 1]:
        backed.file.write_bytes(raw[:length])
        with pytest.raises((Tampered, WrongCode)):
            backed.restore(tmp_path / "again")
    backed.file.write_bytes(raw + b"\x00")
    with pytest.raises(Tampered):
        backed.restore(tmp_path / "again")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["backups", "home"]
    backed.file.write_bytes(raw)
    backed.restore(tmp_path / "again")


def test_another_code_opens_nothing(backed: Backed, tmp_path) -> None:
    """And says so, not that the file is damaged. The code has the form of a withdrawal code."""
    with pytest.raises(WrongCode):
        restore_home(backed.folder, tmp_path / "again", bytes(20), LATER)
    assert len(write_code(backed.code).replace("-", "")) == 33


def test_a_restore_never_writes_into_something(backed: Backed, tmp_path) -> None:
    """Neither into a home nor into a folder with a file; without a backup there is nothing to do."""
    with pytest.raises(HomeExists):
        backed.restore(backed.made.path)
    with pytest.raises(NotFound):
        backed.restore(tmp_path / "again", place=backed.made.path)


KILLED = """
import os, signal, sys, threading
from pathlib import Path
from substrate.store.backup import restore_home
from substrate.store.backup import restoring

place, target, code, step = Path(sys.argv[1]), Path(sys.argv[2]), bytes.fromhex(sys.argv[3]), sys.argv[4]
original = getattr(restoring, step)
def dies(*arguments, **options):
    original(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(restoring, step, dies)
restore_home(place, target, code, "2026-11-24T09:00:00Z")
"""


@pytest.mark.parametrize("step", ["unpack", "_take_back", "write_keys", "_begin_log", "_sign"])
def test_a_killed_restore_leaves_nothing_usable(backed: Backed, tmp_path, step: str) -> None:
    """Not there; no erased text lies beside its key; and the next restore does it all."""
    erased = backed.erase()
    arguments = [str(backed.folder), str(tmp_path / "again"), backed.code.hex(), step]
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "again").exists()
    (left,) = tmp_path.glob(".again.*")
    import sqlite3

    connection = sqlite3.connect(left / "ledger.sqlite3")
    here = {c for (c,) in connection.execute("SELECT contribution FROM items")}
    connection.close()
    assert (erased in here) <= (not (left / "keys").exists())
    assert backed.restore(tmp_path / "again").dropped == 1
    assert not list(tmp_path.glob(".again.*"))


# --- consistent while others write -------------------------------------------------------------------


def test_a_backup_while_others_write(backed: Backed, tmp_path) -> None:
    """Two writers go on; each backup is one state that verifies, and holds what was acknowledged before it."""
    stop, given, problems = threading.Event(), [], []

    def give(offset: int) -> None:
        number = offset
        try:
            with backed.made.open() as home:
                while not stop.is_set() and number < offset + 60:
                    given.append(backed.made.give(home, number))
                    number += 1
        except Exception as error:
            problems.append(error)

    writers = [threading.Thread(target=give, args=(offset,)) for offset in (10, 100)]
    for writer in writers:
        writer.start()
    made = []
    for _ in range(3):
        before = list(given)
        with backed.made.open() as home:
            made.append((write_backup(home, backed.folder, TIME).path, before))
    stop.set()
    for writer in writers:
        writer.join()
    assert problems == []
    for number, (file, before) in enumerate(made):
        backed.restore(tmp_path / f"again-{number}", place=file)
        with open_home(tmp_path / f"again-{number}") as again:
            assert set(before) <= set(again.vault.contributions())
    assert not [p for p in backed.made.path.iterdir() if p.name.endswith(".tmp")]


# --- older than an erasure ---------------------------------------------------------------------------


def test_an_erased_text_does_not_come_back(backed: Backed, tmp_path) -> None:
    """The journal beside the backup names it; the restored home has the tombstone and its own journal entry."""
    erased = backed.erase()
    shutil.rmtree(backed.made.path)
    assert backed.restore(tmp_path / "again").dropped == 1
    with open_home(tmp_path / "again") as again:
        assert set(again.vault.contributions()) == backed.made.texts.keys() - {erased}
        assert erased in ErasureJournal(again.path).contributions()
        assert [d.subject for d in again.ledger.documents(kinds=["Erased"])] == [erased]
        assert verify_home(again).problems == []
        write_export(again, tmp_path / "file", with_vault=True)
    assert backed.made.texts[erased] not in (tmp_path / "file").read_bytes()


def test_a_change_of_mind_is_not_forgotten(backed: Backed, tmp_path) -> None:
    """A withdrawal after the backup comes back with the journal, although nothing was erased."""
    commons, contribution = backed.made.commons, next(iter(backed.made.texts))
    with backed.made.open() as home:
        with home.ledger.write() as writer:
            writer.add(commons.write("ConsentWithdrawal", commons.withdrawal, contribution=contribution))
        assert [s.behind for s in keep_told(home, write=False)] == [1]
        assert [s.behind for s in keep_told(home)] == [0]
    shutil.rmtree(backed.made.path)
    assert backed.restore(tmp_path / "again").learned == 1
    with open_home(tmp_path / "again") as again:
        assert [d.subject for d in again.ledger.documents(kinds=["ConsentWithdrawal"])] == [contribution]


def spoil(backed: Backed, how: str) -> Path:
    """The backup folder with a journal that cannot be trusted; returns where to restore from."""
    journal = backed.folder / "erasures.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    if how == "gone":
        journal.unlink()
    elif how == "empty":
        journal.write_bytes(b"")
    elif how == "cut off":
        journal.write_bytes(b"".join(lines)[:-5])
    elif how == "a line left out":
        journal.write_bytes(b"".join([lines[0], *lines[2:]]))
    elif how == "a line changed":
        journal.write_bytes(lines[0] + lines[1].replace(b"urn:uuid:", b"urn:uuid:0", 1) + b"".join(lines[2:]))
    elif how == "copied":
        shutil.copytree(backed.folder, backed.folder.with_name("copy"))
        return backed.folder.with_name("copy")
    elif how == "moved":
        return backed.folder.rename(backed.folder.with_name("moved"))
    return backed.folder


SPOILED = ["gone", "empty", "cut off", "a line left out", "a line changed", "copied", "moved"]


@pytest.mark.parametrize("how", SPOILED)
def test_without_a_sound_journal_it_refuses(backed: Backed, tmp_path, how: str) -> None:
    """Nothing is restored, unless that is accepted; and that is logged under the node's signature."""
    backed.erase(0)
    backed.erase(1)
    place = spoil(backed, how)
    shutil.rmtree(backed.made.path)
    with pytest.raises(LostErasures):
        backed.restore(tmp_path / "again", place=place)
    assert not (tmp_path / "again").exists()
    assert backed.restore(tmp_path / "again", place=place, accept=True).accepted
    with open_home(tmp_path / "again") as again:
        (stated,) = again.ledger.documents(kinds=["HomeRestored"])
        assert stated.body["acceptedLostErasures"] is True
        assert stated.signer == again.node.did


def test_the_journal_of_another_home_is_refused(backed: Backed, home_with_texts, tmp_path) -> None:
    """Neither restored with, nor backed up beside."""
    other = Backed(home_with_texts("other", 1), tmp_path / "others")
    shutil.copyfile(other.folder / "erasures.jsonl", backed.folder / "erasures.jsonl")
    with pytest.raises(LostErasures, match="another home"):
        backed.restore(tmp_path / "again")
    with other.made.open() as home, pytest.raises(Tampered, match="another home"):
        write_backup(home, Backed(home_with_texts("third", 1), tmp_path / "thirds").folder, TIME)


def test_journals_from_elsewhere_count_too(backed: Backed, tmp_path) -> None:
    """A copy that was made before the erasure, with the home's own journal or that of another folder."""
    copy = tmp_path / "copy"
    shutil.copytree(backed.folder, copy)
    erased = backed.erase()
    for number, journal in enumerate((backed.made.path / "erasures.jsonl", backed.folder / "erasures.jsonl")):
        target = tmp_path / f"again-{number}"
        assert backed.restore(target, place=copy, accept=True, journals=[journal]).dropped == 1
        with open_home(target) as again:
            assert erased not in again.vault.contributions()


def test_a_folder_that_was_away_is_told_later(backed: Backed, tmp_path) -> None:
    """The erasure goes on, the folder is behind, and the home that still lies there is asked as well."""
    away = backed.folder.rename(tmp_path / "away")
    backed.erase()
    with backed.made.open() as home:
        (standing,) = keep_told(home)
        assert (standing.reached, standing.behind) == (False, 2)
    away.rename(backed.folder)
    assert backed.restore(tmp_path / "asked").dropped == 1  # the folder does not know, the home beside does
    with backed.made.open() as home:
        (standing,) = keep_told(home)
        assert (standing.reached, standing.behind) == (True, 0)
    shutil.rmtree(backed.made.path)
    assert backed.restore(tmp_path / "again").dropped == 1


def test_a_copied_folder_is_told_everything_when_the_home_uses_it(backed: Backed, tmp_path) -> None:
    """The next backup into a copy writes its journal anew: older files in it are safe again."""
    copy = tmp_path / "copy"
    shutil.copytree(backed.folder, copy)
    backed.erase()
    with backed.made.open() as home:
        assert write_backup(home, copy, LATER).first is False
        assert len(known_folders(home.path)) == 2
    shutil.rmtree(backed.made.path)
    assert backed.restore(tmp_path / "again", place=copy / backed.file.name).dropped == 1


def test_a_restored_home_goes_on_with_the_same_backups(backed: Backed, tmp_path) -> None:
    """Same code, same folder, same journal: what it erases is kept out of the oldest backup too."""
    shutil.rmtree(backed.made.path)
    backed.restore(backed.made.path)
    erased = backed.erase()
    with backed.made.open() as home:
        assert write_backup(home, backed.folder, LATER).first is False
    shutil.rmtree(backed.made.path)
    backed.restore(tmp_path / "again", place=backed.file)
    with open_home(tmp_path / "again") as again:
        assert erased not in again.vault.contributions()
        assert verify_home(again).problems == []


def test_peers_may_bring_back_what_the_old_log_held_later(backed: Backed, tmp_path) -> None:
    """Facts that were logged after the backup: known again as lost, neither a fork nor damage."""
    with backed.made.open() as home:
        backed.made.give(home, 7)
        write_export(home, tmp_path / "peer", with_vault=False)
    backed.restore(tmp_path / "again")
    with open_home(tmp_path / "again") as again:
        assert store_import(again, read_export(tmp_path / "peer")).forks == 0
        report = verify_home(again)
        assert (report.problems, report.forks) == ([], 0)
