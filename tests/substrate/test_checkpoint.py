"""Signed heads: C2SP checkpoints, cuts, and what two heads say about each other."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import VerifyKey

from substrate.record.checkpoint import Head, log_origin, node_of, read_checkpoint, sign_checkpoint
from substrate.record.cut import cut_entries, make_cut, union
from substrate.record.errors import BadSignature, MalformedDocument, RecordError
from substrate.record.keys import Signer

NODE, OTHER = Signer(b"\x01" * 32), Signer(b"\x02" * 32)
ORIGIN = log_origin(NODE.did, "0123456789abcdef")
HEAD = Head(ORIGIN, 13, hashlib.sha256(b"root").digest())


def test_the_form_is_that_of_c2sp() -> None:
    """Checked here by hand: body, key hash and signature as signed-note and tlog-checkpoint say."""
    text = sign_checkpoint(HEAD, NODE)
    body, signature = text.split("\n\n")
    assert body.split("\n") == [ORIGIN, "13", base64.b64encode(HEAD.root).decode()]
    assert signature.startswith(f"— {ORIGIN} ")
    assert signature.endswith("\n")
    raw = base64.b64decode(signature.split(" ")[2])
    assert raw[:4] == hashlib.sha256(ORIGIN.encode() + b"\n\x01" + NODE.public).digest()[:4]
    VerifyKey(NODE.public).verify((body + "\n").encode(), raw[4:])
    assert not set(" +") & set(ORIGIN), "a name in a signed note has neither spaces nor a plus"


def test_golden_checkpoint(vectors) -> None:
    """The bytes of a checkpoint never change."""
    golden = vectors("checkpoint.json")
    signer = Signer(bytes.fromhex(golden["seed"]))
    head = Head(golden["origin"], golden["size"], bytes.fromhex(golden["root"]))
    assert sign_checkpoint(head, signer) == golden["checkpoint"]
    assert read_checkpoint(golden["checkpoint"]) == head


@given(st.integers(0, 10**14), st.binary(min_size=32, max_size=32))
def test_what_is_signed_is_read_back(size: int, root: bytes) -> None:
    """Any head."""
    head = Head(ORIGIN, size, root)
    assert read_checkpoint(sign_checkpoint(head, NODE)) == head


def test_every_changed_character_is_noticed() -> None:
    """Each character matters, the line end and the unused bits of the base64 included."""
    text = sign_checkpoint(HEAD, NODE)
    for position in range(len(text)):
        flipped = {chr(ord(text[position]) ^ (1 << bit)) for bit in range(7)}
        for new in (flipped | {"0", "A", "\n", " ", "\x0b", "\u2028", ""}) - {text[position]}:
            with pytest.raises(RecordError):
                read_checkpoint(text[:position] + new + text[position + 1 :])


def test_a_head_counts_only_under_the_key_of_its_origin() -> None:
    """Another node cannot sign for this log, and a log of another node is another log."""
    with pytest.raises(BadSignature):
        read_checkpoint(sign_checkpoint(HEAD, OTHER))
    text = sign_checkpoint(HEAD, NODE)
    with pytest.raises(RecordError):
        read_checkpoint(text.replace(ORIGIN, log_origin(OTHER.did, "0123456789abcdef")))
    with pytest.raises(RecordError):
        read_checkpoint(text.replace("0123456789abcdef", "0123456789abcdee"))


def test_foreign_signatures_beside_the_right_one_do_not_matter() -> None:
    """Witnesses may add lines; without the node's own line they are nothing."""
    text = sign_checkpoint(HEAD, NODE)
    body, own = text.split("\n\n")
    witness = f"— witness.example {base64.b64encode(bytes(68)).decode()}\n"
    assert read_checkpoint(f"{body}\n\n{witness}{own}") == HEAD
    with pytest.raises(BadSignature):
        read_checkpoint(f"{body}\n\n{witness}")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: "",
        lambda t: t.replace("\n\n", "\n", 1),
        lambda t: t.replace("\n\n", "\nan extension\n\n", 1),
        lambda t: t.replace("\n13\n", "\n013\n", 1),
        lambda t: t.replace("\n13\n", "\n-13\n", 1),
        lambda t: t.replace("\n13\n", "\n１３\n", 1),
        lambda t: t.replace("\n13\n", "\n" + "9" * 30 + "\n", 1),
        lambda t: t.replace(base64.b64encode(HEAD.root).decode(), "AAAA", 1),
        lambda t: t.replace(base64.b64encode(HEAD.root).decode(), "not base64!", 1),
        lambda t: "\n" + t,
        lambda t: t.replace("—", "-"),
        lambda t: t + "x" * 5000,
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.split("\n\n")[0] + "\n\n",
    ],
)
def test_what_is_no_checkpoint(change) -> None:
    """Another form is refused, by name."""
    with pytest.raises(RecordError):
        read_checkpoint(change(sign_checkpoint(HEAD, NODE)))


@pytest.mark.parametrize(
    "origin",
    ["", NODE.did, NODE.did + "/", NODE.did + "/0123456789ABCDEF", NODE.did + "/0123", "example.org/0123456789abcdef"],
)
def test_what_is_no_log(origin: str) -> None:
    """A log is named by its node's key and 16 hexadecimal digits."""
    with pytest.raises(MalformedDocument):
        node_of(origin)


HEADS = st.lists(
    st.builds(
        Head,
        st.sampled_from([log_origin(NODE.did, "0" * 16), log_origin(OTHER.did, "0" * 16), ORIGIN]),
        st.integers(0, 5),
        st.just(bytes(32)),
    ),
    max_size=8,
)


@given(HEADS, HEADS, st.randoms())
def test_cuts_are_sorted_sets_of_the_largest_heads(one: list[Head], two: list[Head], random) -> None:
    """Order and repetition do not matter, union is the cut of both, empty logs are left out."""
    shuffled = one * 2
    random.shuffle(shuffled)
    assert make_cut(shuffled) == make_cut(one)
    assert union(make_cut(one), make_cut(two)) == make_cut(one + two) == union(make_cut(two), make_cut(one))
    cut = make_cut(one)
    assert [h.origin for h in cut] == sorted({h.origin for h in one if h.size})
    assert all(h.size == max(x.size for x in one if x.origin == h.origin) for h in cut)
    assert [entry["log"] for entry in cut_entries(cut)] == [h.origin for h in cut]
