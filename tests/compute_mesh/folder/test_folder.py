"""A stick that is carried between nodes: both end with the same ledger, and a withdrawal can be left on it."""

import pytest

from compute_mesh.folder.layout import Folder
from compute_mesh.folder.syncing import sync_folder_with
from compute_mesh.folder.withdrawing import leave_withdrawal
from consent.upkeep import tidy_up
from substrate.record.codes import write_code
from substrate.record.errors import UnknownCommons
from substrate.store.branches import wanted
from substrate.store.errors import NotFound
from substrate.store.exchange import read_export, store_import, write_export
from substrate.store.verify import verify_home

TIME = "2026-11-29T10:00:00Z"


@pytest.fixture
def stick(tmp_path) -> Folder:
    """An empty folder."""
    (tmp_path / "stick").mkdir()
    return Folder(tmp_path / "stick")


@pytest.fixture
def pair(home_with_texts, adopted_home, tmp_path):
    """A home with texts, and an empty one of another node that pins the same charter."""
    made = home_with_texts()
    with made.open() as home, adopted_home(tmp_path / "other", made) as other:
        yield made, home, other


def test_two_homes_meet_on_a_stick(pair, stick) -> None:
    """There and back: the same cut, the homes verify, and a further visit moves nothing."""
    _, home, other = pair
    first = sync_folder_with(home, stick)
    assert first.sent == len(list(home.ledger.documents()))
    assert sync_folder_with(other, stick).received == first.sent
    assert other.ledger.cut() == home.ledger.cut()
    assert wanted(other.database.connection) == []
    assert verify_home(other).problems == []
    again = sync_folder_with(other, stick)
    assert (again.sent, again.received, again.bytes_up, again.bytes_down) == (0, 0, 0, 0)


def test_only_what_is_lacking_is_written(pair, stick) -> None:
    """A second round carries the new documents alone."""
    made, home, other = pair
    sync_folder_with(home, stick)
    made.give(home, 7)
    assert sync_folder_with(home, stick).sent == 1
    assert sync_folder_with(other, stick).received == len(list(home.ledger.documents()))


def test_another_commons_is_refused(pair, stick, home_with_texts, make_commons) -> None:
    """A stick belongs to one commons."""
    _, home, _ = pair
    stick.begin("urn:lecs:commons:" + "0" * 32, "0" * 64)
    with pytest.raises(UnknownCommons):
        sync_folder_with(home, stick)


@pytest.mark.parametrize("place", [0, 1, 60, 1000])
def test_a_damaged_file_is_skipped_and_said(pair, stick, place) -> None:
    """Nothing of it is stored; whoever has the documents mends the stick by writing beside it."""
    _, home, other = pair
    sync_folder_with(home, stick)
    (path,) = (stick.path / "logs").glob("*/*.batch")
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    found = sync_folder_with(other, stick)
    assert found.found.skipped == 1
    assert list(other.ledger.documents()) == []


def test_names_that_lie_are_skipped(pair, stick) -> None:
    """A file under another range than it holds, and things that are no batches at all."""
    _, home, other = pair
    sync_folder_with(home, stick)
    (path,) = (stick.path / "logs").glob("*/*.batch")
    path.rename(path.with_name(f"{0:012d}-{900:012d}-{'0' * 16}.batch"))
    (path.parent / f"{0:012d}-{3:012d}-{'1' * 16}.batch").mkdir()
    (stick.path / "logs" / "elsewhere").mkdir()
    (stick.path / "loose").mkdir()
    (stick.path / "loose" / f"{'a' * 64}.json").write_bytes(b"{no json")
    assert sync_folder_with(other, stick).found.skipped == 2


def test_whoever_holds_the_code_leaves_a_withdrawal_without_a_home(pair, stick, tmp_path) -> None:
    """The next node that comes by logs it and erases its copy; the accepting node learns of it from the stick."""
    made, home, other = pair
    write_export(home, tmp_path / "file", with_vault=True)
    store_import(other, read_export(tmp_path / "file"), accepted=TIME)
    sync_folder_with(home, stick)
    code = write_code(made.commons.secret)
    with pytest.raises(NotFound):
        leave_withdrawal(stick, write_code(bytes(20)), TIME, erase=True)
    left = leave_withdrawal(stick, code, TIME, erase=True)
    assert sync_folder_with(other, stick).received == 1
    assert sync_folder_with(other, stick).received == 0
    tidy_up(other, TIME)
    assert left.contribution not in other.vault.contributions()
    erased = [d.signer for d in other.ledger.documents(kinds=["Erased"])]
    assert erased == [other.node.did]
    sync_folder_with(other, stick)
    sync_folder_with(home, stick)
    kinds = {d.kind for d in home.ledger.documents(subject=left.contribution)}
    assert {"ConsentWithdrawal", "Erased"} <= kinds
    tidy_up(home, TIME)
    assert left.contribution not in home.vault.contributions()


def test_a_strangers_withdrawal_is_left_alone(pair, stick) -> None:
    """Signed by another key than the fact names: nobody logs it."""
    made, home, other = pair
    sync_folder_with(home, stick)
    subject = next(iter(made.texts))
    forged = made.commons.write("ConsentWithdrawal", made.commons.stranger, contribution=subject)
    stick.leave(forged.digest, forged.raw)
    sync_folder_with(other, stick)
    assert list(other.ledger.documents(kinds=["ConsentWithdrawal"])) == []
