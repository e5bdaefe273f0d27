"""Two nodes bring each other what they lack: verified, bounded, and gone on with after a break."""

import pytest

from compute_mesh.ledger import messages as m
from compute_mesh.ledger.replica import OverQuota
from compute_mesh.ledger.session import Allowance, PeerLied, PeerRefused
from compute_mesh.transport.failures import TransportFailed
from compute_mesh.transport.memory.weather import Weather
from substrate.store.branches import wanted


def test_both_hold_the_union_afterwards(mesh) -> None:
    """Each side asks for what it lacks in one session; documents, cuts and digests are equal then."""
    one, other = mesh.node("one"), mesh.node("other")
    one.add(*mesh.commons.founding)
    one.say(*(f"a{n}" for n in range(20)))
    other.say(*(f"b{n}" for n in range(7)))
    ours, theirs = mesh.meet(one, other)
    assert (ours.received, ours.sent, theirs.received) == (7, 24, 24)
    assert one.digests == other.digests
    assert one.ledger.cut() == other.ledger.cut()
    assert one.replica.state() == other.replica.state()


def test_nothing_to_say_costs_one_round_trip_and_less_than_a_hundred_bytes(mesh) -> None:
    """A greeting and an answer."""
    one, other = mesh.node("one"), mesh.node("other")
    one.say(*(f"a{n}" for n in range(20)))
    mesh.meet(one, other)
    ours, theirs = mesh.meet(one, other)
    assert ours.same
    assert theirs.same
    assert ours.bytes_up + ours.bytes_down < 100
    assert (ours.bytes_up, ours.bytes_down) == (theirs.bytes_down, theirs.bytes_up)


def test_private_documents_never_travel(mesh) -> None:
    """Their digests do, so that the log verifies."""
    one, other = mesh.node("one"), mesh.node("other")
    record = mesh.commons.record
    one.add(record)
    one.say("a")
    mesh.meet(other, one)
    assert record.digest not in other.digests
    assert one.ledger.cut() == other.ledger.cut()
    assert wanted(other.database.connection) == []


def test_long_logs_travel_in_bounded_batches_and_a_break_loses_nothing(mesh) -> None:
    """A session that may bring little stops; what came was stored, and the next ones go on from there."""
    one, other = mesh.node("one"), mesh.node("other")
    one.say(*(f"a{n}" for n in range(1500)))
    sizes = []
    for _ in range(10):
        try:
            mesh.meet(other, one, Allowance(bytes_down=m.MOST_BATCH + 20_000))
        except OverQuota:
            sizes.append(len(other.digests))
            continue
        break
    assert sizes == sorted(set(sizes))
    assert len(sizes) >= 2
    assert other.ledger.cut() == one.ledger.cut()


def test_rough_weather_changes_nothing(mesh) -> None:
    """Loss, copies and packets out of order."""
    mesh.weather = Weather(delay=0.03, jitter=0.05, loss=0.1, duplicates=0.1, packet=1000)
    one, other = mesh.node("one"), mesh.node("other")
    one.say(*(f"a{n}" for n in range(60)))
    other.say("b")
    mesh.meet(one, other)
    assert one.replica.state() == other.replica.state()


def test_many_logs_in_one_session(mesh) -> None:
    """Logs of others travel too: who met nobody but a neighbour gets all of them."""
    nodes = [mesh.node(f"node {n}") for n in range(30)]
    for node in nodes:
        node.say(f"by {node.label}")
        mesh.meet(nodes[0], node)
    last = mesh.node("last")
    ours, _ = mesh.meet(last, nodes[0])
    assert ours.received == 30
    assert last.ledger.cut() == nodes[0].ledger.cut()


@pytest.mark.parametrize("place", [0, 100, 5_000, 20_000])
def test_a_changed_byte_is_noticed_and_nothing_of_it_is_stored(mesh, place) -> None:
    """Wherever it is in what the peer says: the session ends, and what is here verifies."""
    one, other = mesh.node("one"), mesh.node("other")
    one.say(*(f"a{n}" for n in range(40)))
    spoken = 0

    def lie(protocol: bytes, peer: str, piece: bytes) -> bytes:
        nonlocal spoken
        at, spoken = place - spoken, spoken + len(piece)
        return piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :] if 0 <= at < len(piece) else piece

    mesh.lies["one"] = lie
    with pytest.raises((PeerLied, PeerRefused, TransportFailed)):
        mesh.meet(other, one)
    assert not other.digests
    mesh.lies.clear()
    mesh.meet(other, one)
    assert other.ledger.cut() == one.ledger.cut()


def test_another_commons_is_refused(mesh, make_commons) -> None:
    """Before anything is said about logs."""
    one, other = mesh.node("one"), mesh.node("other")
    other.commons = make_commons(label="elsewhere")
    with pytest.raises(PeerRefused):
        mesh.meet(one, other)


def test_logs_of_strangers_are_kept_in_small_number(mesh) -> None:
    """A key that the charter does not know cannot fill the disk."""
    one = mesh.node("one", strange_leaves=5)
    stranger = mesh.node("stranger")
    for n in range(20):
        stranger.say(f"s{n}")
        mesh.meet(one, stranger)
    assert 5 <= len(one.digests) <= 6


def test_a_withheld_document_makes_the_cut_incomplete_until_somebody_gives_it(mesh) -> None:
    """Its digest stands in the log, so it is missed; another peer that has it heals the gap."""
    one, keeper, victim = mesh.node("one"), mesh.node("keeper"), mesh.node("victim")
    secret = one.say("a", "b", "c")[1]
    mesh.meet(keeper, one)
    one.database.connection.execute("DELETE FROM documents WHERE digest = ?", (secret.digest,))
    mesh.meet(victim, one)
    assert wanted(victim.database.connection) == [secret.digest]
    assert victim.replica.state().wants
    assert victim.ledger.cut() == one.ledger.cut()
    ours, _ = mesh.meet(victim, keeper)
    assert ours.received == 1
    assert wanted(victim.database.connection) == []
    assert mesh.meet(victim, keeper)[0].same
