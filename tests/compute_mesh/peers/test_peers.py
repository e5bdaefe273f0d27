"""Announcements, tickets and one-time keys: what holds and what is refused."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute_mesh.peers.announcement import announce, is_live, read_announcement
from compute_mesh.peers.book import MOST_STRANGERS, PeerBook
from compute_mesh.peers.exchange import Met, be_introduced, introduce
from compute_mesh.peers.invites import Invites
from compute_mesh.peers.ticket import Ticket
from compute_mesh.transport.address import Address
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from substrate.record.canonical import canonical_bytes, parse_strict
from substrate.record.errors import BadSignature, MalformedDocument, RecordError
from substrate.record.proof import secure

NOW, LATER, END = "2026-11-29T10:00:00Z", "2026-11-29T11:00:00Z", "2026-11-29T20:00:00Z"


@pytest.fixture
def saying(commons):
    """Announcements of a node: ``saying("label", time)``."""

    def say(label="node", time=NOW, port=4100, audience=commons.id, **more):
        node, transport = commons.key(label), commons.key(f"{label}'s transport")
        address = Address(transport.public.hex(), (f"192.0.2.1:{port}",))
        return announce(node, transport, audience, address, time, END, **more)

    return say


def test_the_later_one_counts_whatever_the_order(tmp_path, saying, commons) -> None:
    """A union: merging in any order, twice, gives the same."""
    old, new, other = saying(), saying(time=LATER, port=4200), saying("other")
    own = commons.key("me").did
    books = [PeerBook(tmp_path / str(n), own, commons.id) for n in range(2)]
    books[0].learn([old, new, other, new], LATER)
    books[1].learn([other, new], LATER)
    assert books[1].learn([old], LATER) == 0
    assert [a.raw for a in books[0].live(LATER)] == [a.raw for a in books[1].live(LATER)]
    assert books[0].known[new.node].announcement.address.direct == ("192.0.2.1:4200",)


def test_expired_foreign_and_far_future_ones_say_nothing(tmp_path, saying, commons) -> None:
    """A day of clock skew is borne; more is not."""
    book = PeerBook(tmp_path, commons.key("me").did, commons.id)
    assert book.learn([saying(audience="urn:lecs:commons:" + "1" * 32)], NOW) == 0
    assert book.learn([saying()], END) == 0
    assert not is_live(saying(), "2026-11-27T10:00:00Z")
    assert is_live(saying(), "2026-11-29T01:00:00Z")
    assert book.learn([saying("me")], NOW) == 0


def test_strangers_cannot_push_admitted_nodes_out(tmp_path, saying, commons) -> None:
    """Announcements of nodes without admission are kept in small number, and never carried to others."""
    book = PeerBook(tmp_path, commons.key("me").did, commons.id)
    admitted = saying("admitted")
    book.admitted = frozenset({admitted.node})
    book.learn([admitted, *(saying(f"stranger {n}", time=LATER) for n in range(MOST_STRANGERS + 20))], LATER)
    assert len(book.known) == MOST_STRANGERS + 1
    assert [a.node for a in book.carried(LATER)] == [admitted.node]


def test_introductions_carry_what_is_admitted_and_are_short_when_nothing_is_new(tmp_path, saying, commons) -> None:
    """Two nodes that know different thirds know all of them afterwards; a second meeting brings nothing."""
    one, other, third, stranger = (saying(label) for label in ("one", "other", "third", "stranger"))
    books = {a.node: PeerBook(tmp_path / a.node[-8:], a.node, commons.id) for a in (one, other)}
    for book in books.values():
        book.admitted = frozenset({one.node, other.node, third.node})
    books[one.node].learn([third, stranger], NOW)

    async def meet() -> tuple[Met, Met]:
        network = Network(3)
        ours, theirs = (MemoryTransport(network, label, (b"x",)) for label in ("a", "b"))
        made = await ours.connect(theirs.address(), b"x")
        taken = await theirs.accept()
        stream = await made.open_stream()

        async def answering() -> Met:
            heard = await taken.accept_stream()
            return await be_introduced(heard, other, books[other.node], NOW, one.address.peer)

        task = asyncio.create_task(answering())
        return await introduce(stream, one, books[one.node], LATER, other.address.peer), await task

    first, second = run_virtually(meet()), run_virtually(meet())
    assert {a.node for a in books[other.node].live(NOW)} == {one.node, third.node}
    assert [met.fresh for met in first] == [1, 2]
    assert [met.fresh for met in second] == [0, 0]
    assert (first[0].skew_seconds, first[1].skew_seconds) == (-3600.0, 3600.0)


def test_blocking_lasts_and_lies_are_remembered(tmp_path, saying, commons) -> None:
    """Both are on disk; a lie shuns for a while, a block for good."""
    book = PeerBook(tmp_path, commons.key("me").did, commons.id)
    one, other = saying("one"), saying("other")
    book.learn([one, other], NOW)
    book.block(one.node)
    book.lied(other.node, "a rule")
    book.save()
    again = PeerBook(tmp_path, commons.key("me").did, commons.id)
    assert again.shunned(one.node)
    assert again.known[other.node].lies == ["a rule"]
    assert [a.node for a in again.live(NOW)] == [other.node]
    again.unblock(one.node)
    assert not PeerBook(tmp_path, commons.key("me").did, commons.id).blocked


def test_nobody_announces_the_transport_key_of_another(saying, commons) -> None:
    """Both keys sign: the node the whole, the transport key that it is that node's."""
    honest = parse_strict(saying("victim").raw)
    stolen = {**honest, "node": commons.key("thief").did}
    del stolen["proof"]
    with pytest.raises(BadSignature):
        read_announcement(canonical_bytes(secure(stolen, commons.key("thief"), NOW)))


@pytest.mark.parametrize(
    "change",
    [
        {"address": "x"}, {"expires": NOW}, {"expires": "2026-12-09T10:00:00Z"}, {"extra": 1}, {"claim": "00"},
        {"transport": "did:key:zzz"}, {"resources": {"cores": -1}}, {"type": "Other"},
    ],
)  # fmt: skip
def test_a_wrong_field_is_refused_by_name(saying, commons, change) -> None:
    """Signed or not."""
    body = {**parse_strict(saying().raw), **change}
    del body["proof"]
    with pytest.raises(RecordError):
        read_announcement(canonical_bytes(secure(body, commons.key("node"), NOW)))


@given(raw=st.binary(max_size=300))
def test_bytes_that_are_no_announcement(raw) -> None:
    """Refused, never a fault."""
    with pytest.raises(RecordError):
        read_announcement(raw)


@pytest.fixture(scope="session")
def ticket(commons) -> Ticket:
    """A ticket with an IPv4 and an IPv6 address."""
    transport = commons.key("transport").public.hex()
    address = Address(transport, ("192.0.2.1:4100", "[2001:db8::1]:4100"))
    return Ticket(commons.id, commons.charter.digest, commons.node.did, bytes(range(16)), END, address)


def test_a_ticket_survives_being_passed_on(ticket) -> None:
    """Case, spaces and line ends do not matter; it fits a QR code's dense mode."""
    text = ticket.to_text()
    assert text.isalnum()
    assert Ticket.from_text(text) == ticket
    assert Ticket.from_text(f" {text[:40].lower()}\n{text[40:]}\n") == ticket


@given(place=st.integers(0, 300), other=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_a_slip_in_a_ticket_is_noticed(ticket, place, other) -> None:
    """One wrong character, or an end that was cut off."""
    text = ticket.to_text()
    place %= len(text)
    changed = text[:place] + other + text[place + 1 :]
    if changed != text:
        with pytest.raises(MalformedDocument):
            Ticket.from_text(changed)
    with pytest.raises(MalformedDocument):
        Ticket.from_text(text[:place])


def test_a_one_time_key_lets_one_node_in_however_often_it_asks(tmp_path) -> None:
    """Another node, another key, and a late one are refused; a restart forgets nothing."""
    key = Invites(tmp_path).make(LATER)
    assert not Invites(tmp_path).use(bytes(16), "one", NOW)
    assert not Invites(tmp_path).use(key, "late", LATER)
    assert Invites(tmp_path).use(key, "one", NOW)
    assert Invites(tmp_path).use(key, "one", LATER)
    assert not Invites(tmp_path).use(key, "other", NOW)
    assert Invites(tmp_path).newcomers() == {"one"}
