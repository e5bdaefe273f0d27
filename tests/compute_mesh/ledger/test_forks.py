"""A node that signs two histories of one log: both are kept, spread, and named; nobody honest is."""

import itertools

import pytest

from compute_mesh.ledger import messages as m
from compute_mesh.ledger.replica import Replica
from compute_mesh.ledger.session import PeerLied
from substrate.store.branches import branches


@pytest.fixture
def forked(mesh):
    """Two homes with the key of one node: they share five leaves, then one has three more, the other six."""
    one = mesh.node("liar")
    one.say(*(f"shared {n}" for n in range(5)))
    other = mesh.node("liar again", signer=one.signer)
    copied = "documents", "logs", "leaves", "nodes", "heads"
    other.database.connection.execute("ATTACH DATABASE ? AS source", (str(one.database.path),))
    for table in copied:
        other.database.connection.execute(f"INSERT INTO {table} SELECT * FROM source.{table}")  # noqa: S608
    other.database.connection.execute("DETACH DATABASE source")
    other.origin = one.origin
    other.again()
    one.say("x1", "x2")
    one.say("x3")
    other.say(*(f"y{n}" for n in range(6)))
    return one, other


def test_all_orders_of_meeting_lead_to_the_same(mesh, forked) -> None:
    """Whoever was met first: in the end everybody holds both branches, all documents, and the same cut."""
    left, right, third = mesh.node("left"), mesh.node("right"), mesh.node("third")
    first, second = mesh.meet(left, forked[0])[0], mesh.meet(right, forked[1])[0]
    assert first.found.forks | second.found.forks == set()
    found = mesh.meet(left, right)[0]
    assert found.found.forks == {forked[0].origin}
    for one, other in itertools.permutations((left, right, third), 2):
        mesh.meet(one, other)
    assert left.digests == right.digests == third.digests
    assert len(left.digests) == 14
    assert left.ledger.cut() == right.ledger.cut() == third.ledger.cut()
    assert left.replica.state() == right.replica.state() == third.replica.state()
    assert left.replica.forks() == right.replica.forks() == third.replica.forks() == [forked[0].origin]
    assert mesh.meet(left, third)[0].same


def test_branches_that_grow_are_followed(mesh, forked) -> None:
    """The liar goes on in both; both go on here."""
    left, right = mesh.node("left"), mesh.node("right")
    mesh.meet(left, forked[0])
    mesh.meet(left, forked[1])
    forked[0].say("x4")
    forked[1].say("y7")
    mesh.meet(right, forked[0])
    mesh.meet(right, forked[1])
    mesh.meet(left, right)
    mesh.meet(right, left)
    assert left.replica.state() == right.replica.state()
    assert len(branches(left.database.connection, forked[0].origin)) == 2


def test_a_longer_log_of_our_own_is_never_taken_over(mesh, forked) -> None:
    """Two processes with one key, or a home put back from an old copy: our own row stays, the other one is kept."""
    one, other = forked
    before = [branch.size for branch in branches(one.database.connection) if branch.own]
    found = mesh.meet(one, other)[0].found
    assert found.ahead
    own = [branch for branch in branches(one.database.connection) if branch.own]
    assert [branch.size for branch in own] == before
    assert one.digests == other.digests
    one.say("x5")
    mesh.meet(one, other)
    assert one.replica.state() == other.replica.state()


def test_a_put_back_home_gets_its_later_documents_back(mesh) -> None:
    """Its own log is longer elsewhere: nothing acknowledged is lost, and the node knows."""
    one, friend = mesh.node("one"), mesh.node("friend")
    one.say("a")
    copy = one.database.path.parent / "copy"
    one.database.forget()
    copy.write_bytes(one.database.path.read_bytes())
    later = one.say("b", "c")
    mesh.meet(one, friend)
    one.database.close()
    one.database.path.write_bytes(copy.read_bytes())
    back = mesh.node("one")
    back.origin = one.origin
    back.again()
    assert not {d.digest for d in later} & back.digests
    found = mesh.meet(back, friend)[0].found
    assert found.ahead
    assert found.forks == set()
    assert {d.digest for d in later} <= back.digests
    assert mesh.meet(back, friend)[0].same


def test_wrong_leaves_are_a_lie_and_no_fork(mesh, monkeypatch) -> None:
    """The peer's proof says that the log goes on, and its leaves say otherwise: the peer is named, the log is not."""
    one, liar, victim = mesh.node("one"), mesh.node("liar"), mesh.node("victim")
    one.say("a", "b")
    mesh.meet(liar, one)
    mesh.meet(victim, one)
    one.say("c", "d", "e")
    mesh.meet(liar, one)
    honest = Replica.batch

    def swapped(self, get):
        batch = honest(self, get)
        if self.ledger is liar.ledger and batch is not None:
            leaves = (*batch.leaves[1:], batch.leaves[0])
            batch = m.Batch(batch.start, leaves, batch.size, batch.root, batch.signature, batch.proof)
        return batch

    monkeypatch.setattr(Replica, "batch", swapped)
    with pytest.raises(PeerLied):
        mesh.meet(victim, liar)
    assert victim.replica.forks() == []
    assert len(victim.digests) == 2
