"""The ledger: appended once, provable, readable at any earlier cut, and safe between processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from substrate.record.checkpoint import read_checkpoint
from substrate.record.cut import make_cut
from substrate.record.errors import BadInclusion
from substrate.record.merkle import consistency_proof, leaf_hash, tree_root, verify_consistency, verify_inclusion
from substrate.store.appending import leaf_data
from substrate.store.database import Database
from substrate.store.errors import NewerFormat, NoHome, NotFound, Tampered
from substrate.store.ledger import Ledger
from substrate.store.verify import verify_home


@pytest.fixture
def ledger(tmp_path, commons):
    """An empty ledger of the commons' node."""
    database = Database(tmp_path / "ledger.sqlite3", create=True)
    yield Ledger(database, commons.node, f"{commons.node.did}/{'0' * 16}")
    database.close()


def leaves(ledger: Ledger) -> list[tuple[int, str]]:
    return ledger.database.connection.execute("SELECT class, digest FROM leaves ORDER BY idx").fetchall()


def test_documents_are_logged_once_each_under_a_signed_head(ledger, commons) -> None:
    """One head per write, over exactly the leaves; private bodies are not kept."""
    documents = list(commons.one_of_each().values())
    for document in documents:
        with ledger.write() as writer:
            assert writer.add(document)
            assert not writer.add(document)
    assert leaves(ledger) == [(int(d.private), d.digest) for d in documents]
    head = read_checkpoint(ledger.checkpoint())
    assert head.size == len(documents)
    assert head.root == tree_root([leaf_data(d.private, d.digest) for d in documents])
    assert ledger.cut() == (head,)
    public = sorted((d for d in documents if not d.private), key=lambda d: d.digest)
    assert list(ledger.documents()) == public
    heads = ledger.database.connection.execute("SELECT size, root FROM heads ORDER BY size").fetchall()
    assert [size for size, _ in heads] == list(range(1, len(documents) + 1))
    for old, root in heads:
        proof = consistency_proof(old, head.size, ledger.node_reader(1))
        verify_consistency(old, head.size, root, head.root, proof)


def test_every_inclusion_proof_verifies(ledger, commons) -> None:
    """For each document, private ones included, and for the class it was logged with only."""
    documents = list(commons.one_of_each().values())
    with ledger.write() as writer:
        for document in documents:
            writer.add(document)
    for document in documents:
        proof = ledger.inclusion(document.digest)
        head = read_checkpoint(proof.checkpoint)
        leaf = leaf_hash(leaf_data(document.private, document.digest))
        verify_inclusion(leaf, proof.index, proof.size, proof.path, head.root)
        other = leaf_hash(leaf_data(not document.private, document.digest))
        with pytest.raises(BadInclusion):
            verify_inclusion(other, proof.index, proof.size, proof.path, head.root)
    with pytest.raises(NotFound):
        ledger.inclusion("0" * 64)


def test_a_write_that_fails_leaves_no_trace(ledger, commons) -> None:
    """Documents, leaves, nodes and head appear together or not at all."""
    with ledger.write() as writer:
        writer.add(commons.charter)
    before = "\n".join(ledger.database.connection.iterdump())
    with pytest.raises(RuntimeError), ledger.write() as writer:  # noqa: PT012
        writer.add(commons.policy)
        writer.add(commons.fact)
        raise RuntimeError
    assert "\n".join(ledger.database.connection.iterdump()) == before
    with ledger.write() as writer:
        assert not writer.add(commons.charter)
    assert "\n".join(ledger.database.connection.iterdump()) == before, "nothing new is no new head"


def test_an_empty_log_has_no_head(ledger) -> None:
    """And no cut."""
    assert ledger.cut() == ()
    with pytest.raises(NotFound):
        ledger.checkpoint()


def test_what_an_earlier_cut_held(ledger, commons, urn_of) -> None:
    """`by_subject` with a cut shows the past; without, the present; both in a fixed order."""
    other = commons.write("ConsentFact", commons.node, "other", contribution=urn_of("other"))
    withdrawal = commons.write("ConsentWithdrawal", commons.withdrawal)
    with ledger.write() as writer:
        writer.add(commons.fact)
    first = ledger.cut()
    with ledger.write() as writer:
        writer.add(withdrawal)
        writer.add(other)
    about = sorted([commons.fact, withdrawal], key=lambda d: d.digest)
    assert dict(ledger.by_subject(first)) == {commons.contribution: [commons.fact]}
    assert dict(ledger.by_subject()) == {commons.contribution: about, urn_of("other"): [other]}
    assert dict(ledger.by_subject(ledger.cut())) == dict(ledger.by_subject())
    assert dict(ledger.by_subject(make_cut([]))) == {}
    assert [subject for subject, _ in ledger.by_subject()] == sorted([commons.contribution, urn_of("other")])


def test_lookups(ledger, commons) -> None:
    """By digest, kind, subject, beginning of the id, withdrawal key; what was touched since, what has an end."""
    mark = ledger.high_water()
    with ledger.write() as writer:
        for document in (*commons.founding, commons.fact):
            writer.add(document)
    assert ledger.document(commons.fact.digest) == commons.fact
    with pytest.raises(NotFound):
        ledger.document("0" * 64)
    assert list(ledger.documents(kinds=["Policy", "ConsentFact"], subject=commons.contribution)) == [commons.fact]
    short = commons.contribution.removeprefix("urn:uuid:")[:6]
    assert ledger.contributions(short) == ledger.contributions(commons.contribution) == [commons.contribution]
    assert ledger.contributions("%") == []
    assert ledger.by_withdrawal_key(commons.withdrawal.did) == [commons.contribution]
    assert ledger.by_withdrawal_key("") == []
    assert ledger.touched_since(mark) == {commons.contribution}
    assert ledger.touched_since(ledger.high_water()) == set()
    assert ledger.with_times() == set()
    with ledger.write() as writer:
        writer.add(commons.write("ConsentNarrowing", commons.withdrawal, expires="2027-01-01T00:00:00Z"))
    assert ledger.with_times() == {commons.contribution}


def test_without_the_node_key_nothing_is_written(ledger, commons) -> None:
    """Somebody else's ledger can be read only."""
    with pytest.raises(NotFound), Ledger(ledger.database, None, ledger.origin).write():
        pass


def test_a_missing_tree_node_is_named(ledger, commons) -> None:
    """Rather than a proof that cannot verify."""
    with ledger.write() as writer:
        for document in commons.founding:
            writer.add(document)
    ledger.database.connection.execute("DELETE FROM nodes WHERE level = 1 AND idx = 0")
    with pytest.raises(Tampered, match="1/0"):
        ledger.inclusion(commons.founding[3].digest)


def test_what_is_no_ledger(tmp_path) -> None:
    """Absent, garbage, or of another format."""
    with pytest.raises(NoHome):
        Database(tmp_path / "absent")
    (tmp_path / "garbage").write_bytes(b"no database" * 1000)
    with pytest.raises(Tampered):
        Database(tmp_path / "garbage")
    Database(tmp_path / "later", create=True).connection.execute("PRAGMA user_version=99")
    with pytest.raises(NewerFormat, match="99"):
        Database(tmp_path / "later")


WRITER = """
import sys
from pathlib import Path
from substrate.record.documents import write_document
from substrate.store.home import open_home
name = sys.argv[2]
with open_home(Path(sys.argv[1])) as home:
    for number in range(200):
        fields = {"contribution": f"urn:uuid:{name}-0000-0000-0000-{number:012d}", "time": "2026-11-22T10:00:00Z"}
        identifier = f"urn:uuid:{name}-1111-0000-0000-{number:012d}"
        document = write_document("Erased", identifier, home.commons, fields, home.node, "2026-11-22T10:00:00Z")
        with home.ledger.write() as writer:
            assert writer.add(document)
"""


def test_two_processes_append_at_once(home_with_texts) -> None:
    """200 documents each, one write per document: all are there once, under a tree that verifies."""
    made = home_with_texts(count=0)
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(made.path), name], cwd=Path(__file__).parents[2])
        for name in ("00000001", "00000002")
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    with made.open() as home:
        documents = list(home.ledger.documents(kinds=["Erased"]))
        assert len(documents) == len({d.subject for d in documents}) == 400
        stored = leaves(home.ledger)
        assert len(stored) == len(set(stored)) == 404
        head = read_checkpoint(home.ledger.checkpoint())
        assert head.root == tree_root([leaf_data(kind == 1, digest) for kind, digest in stored])
        report = verify_home(home)
        assert [p for p in report.problems if not p.startswith("erasures")] == []
        assert report.documents == 404
