"""The bytes of the protocol: golden vectors, and decoders that take anything without a fault."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute_mesh.ledger import messages as m
from compute_mesh.ledger.replica import commons_tag
from compute_mesh.peers.announcement import read_announcement
from compute_mesh.peers.ticket import Ticket
from compute_mesh.transport.failures import Malformed
from substrate.record.checkpoint import read_checkpoint, signature_of
from substrate.record.keys import Signer
from substrate.store.branches import state_digest

TYPES = {
    "hello": m.Hello, "same": m.Same, "tips": m.Tips, "turn": m.Tips, "get": m.Get, "batch": m.Batch,
    "batch of one leaf": m.Batch, "batch with a withheld body": m.Batch, "prove": m.Prove, "proof": m.Proof,
    "want": m.Want, "bodies": m.Bodies, "absent": m.Absent, "done": m.Done, "refused": m.Refused,
}  # fmt: skip


def test_every_message_has_a_vector_and_reads_back(vectors) -> None:
    """The bytes of a second implementation have to be these."""
    found = vectors("mesh.json")["messages"]
    assert set(found) == set(TYPES)
    assert set(TYPES.values()) == set(m._WRITERS)
    for name, coded in found.items():
        message = m.decode(bytes.fromhex(coded))
        assert type(message) is TYPES[name]
        assert m.encode(message).hex() == coded


def test_what_the_vectors_say_of_each_other(vectors) -> None:
    """The tag, the digest of the state, the head, and the document that a batch carries."""
    given = vectors("mesh.json")
    read = {name: m.decode(bytes.fromhex(coded)) for name, coded in given["messages"].items()}
    assert read["hello"].commons.hex() == given["commons tag"] == commons_tag(given["commons"], given["charter"]).hex()
    head = read_checkpoint(given["checkpoint"])
    assert state_digest([head]).hex() == given["state digest"] == read["hello"].state.hex()
    batch = read["batch"]
    assert (batch.size, batch.root, batch.signature) == (head.size, head.root, signature_of(given["checkpoint"]))
    assert batch.leaves[1].body == given["fact"].encode()
    assert read["want"].digests == (hashlib.sha256(given["fact"].encode()).digest(),)
    assert head.origin.startswith(Signer(bytes.fromhex(given["node seed"])).did)


def test_the_announcement_and_the_ticket_of_the_vectors(vectors) -> None:
    """Both verify and say what they were made from."""
    given = vectors("mesh.json")
    announcement, ticket = read_announcement(given["announcement"].encode()), Ticket.from_text(given["ticket"])
    assert announcement.node == ticket.node == Signer(bytes.fromhex(given["node seed"])).did
    assert announcement.transport == Signer(bytes.fromhex(given["transport seed"])).did
    assert (ticket.commons, ticket.charter, ticket.key.hex()) == (
        given["commons"],
        given["charter"],
        given["ticket key"],
    )
    assert ticket.to_text() == given["ticket"]
    assert announcement.address == ticket.address


@given(raw=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw) -> None:
    """Never a fault; what is read is written as the same bytes."""
    if not raw:
        with pytest.raises(Malformed):
            m.decode(raw)
        return
    try:
        message = m.decode(raw)
    except Malformed:
        return
    if not (isinstance(message, m.Refused) and raw[0] == 1):
        assert m.encode(message) == raw


@given(data=st.data())
def test_a_changed_or_cut_vector_is_read_or_refused(vectors, data) -> None:
    """Near misses reach deeper into the decoders than noise does."""
    coded = data.draw(st.sampled_from(sorted(vectors("mesh.json")["messages"].values())))
    raw = bytearray.fromhex(coded)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    for one in (bytes(raw), cut):
        try:
            m.decode(one)
        except Malformed:
            continue


def test_a_count_that_the_message_cannot_hold_allocates_nothing() -> None:
    """Refused by arithmetic, before a list is made."""
    with pytest.raises(Malformed, match="room"):
        m.decode(bytes([3, 0]) + b"\xff\xff\xff\xff\xff\x0f")
