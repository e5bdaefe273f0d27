"""RFC 6962 trees: roots, inclusion and consistency, against the published vectors and a naive reference."""

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.record.errors import BadInclusion
from substrate.record.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    peaks_of,
    root_at,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

SIZES = range(34)


def naive(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive(leaves[:k]) + naive(leaves[k:])).digest()


def data(size: int) -> list[bytes]:
    """Leaves of a test tree."""
    return [b"leaf %d" % number for number in range(size)]


def reader(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    """Complete nodes, as a log stores them."""
    nodes: dict[tuple[int, int], bytes] = {}
    frontier = Frontier()
    for leaf in leaves:
        for level, index, value in frontier.append(leaf_hash(leaf)):
            assert (level, index) not in nodes
            nodes[level, index] = value
    return lambda level, index: nodes[level, index]


NODE = reader(data(33))
ROOTS = [naive(data(size)) for size in SIZES]


def test_the_vectors_of_certificate_transparency(vectors) -> None:
    """The eight leaves of the reference implementation and their published roots and proofs."""
    golden = vectors("merkle.json")
    leaves = [bytes.fromhex(leaf) for leaf in golden["leaves"]]
    node = reader(leaves)
    assert EMPTY_ROOT.hex() == golden["empty"]
    for size, root in enumerate(golden["roots"], start=1):
        assert tree_root(leaves[:size]).hex() == root
        assert root_at(size, node).hex() == root
    for index, size, path in golden["inclusion"]:
        assert [step.hex() for step in inclusion_proof(index, size, node)] == path
    for old, new, proof in golden["consistency"]:
        assert [step.hex() for step in consistency_proof(old, new, node)] == proof


@pytest.mark.parametrize("size", SIZES)
def test_roots_agree_with_the_naive_reference(size: int) -> None:
    """Frontier, whole tree and stored nodes give the root of the definition."""
    assert tree_root(data(size)) == ROOTS[size]
    assert root_at(size, NODE) == ROOTS[size]
    assert sum(1 << level for level, _ in peaks_of(size)) == size


@given(st.lists(st.binary(max_size=40), max_size=70), st.integers(0, 70))
def test_a_frontier_that_was_stored_grows_the_same_tree(leaves: list[bytes], stop: int) -> None:
    """Peaks that were written down and read again lead to the same root."""
    frontier = Frontier()
    for number, leaf in enumerate(leaves):
        if number == stop:
            frontier = Frontier(frontier.size, list(frontier.peaks))
        list(frontier.append(leaf_hash(leaf)))
    assert (frontier.size, frontier.root()) == (len(leaves), naive(leaves))


def test_all_inclusion_proofs_verify() -> None:
    """Every leaf of every tree up to 33 leaves, and in no other place."""
    for size in SIZES:
        for index in range(size):
            leaf, path = leaf_hash(b"leaf %d" % index), inclusion_proof(index, size, NODE)
            verify_inclusion(leaf, index, size, path, ROOTS[size])
            for elsewhere in {index ^ 1, index + 1, size - 1 - index, 0} - {index}:
                with pytest.raises(BadInclusion):
                    verify_inclusion(leaf, elsewhere, size, path, ROOTS[size])


def test_all_consistency_proofs_verify() -> None:
    """Every pair of sizes up to 33, and not against any other root."""
    for new in SIZES:
        for old in range(new + 1):
            proof = consistency_proof(old, new, NODE)
            verify_consistency(old, new, ROOTS[old], ROOTS[new], proof)
            if old:
                with pytest.raises(BadInclusion):
                    verify_consistency(old, new, ROOTS[old - 1], ROOTS[new], proof)
                with pytest.raises(BadInclusion):
                    verify_consistency(old, new, ROOTS[old], ROOTS[old - 1], proof)


@given(st.data())
def test_a_changed_byte_breaks_an_inclusion_proof(draw) -> None:
    """In leaf, root or any step; and steps that are missing, exchanged or too many."""
    size = draw.draw(st.integers(2, 33))
    index = draw.draw(st.integers(0, size - 1))
    parts = [leaf_hash(b"leaf %d" % index), ROOTS[size], *inclusion_proof(index, size, NODE)]
    which, at = draw.draw(st.integers(0, len(parts) - 1)), draw.draw(st.integers(0, 31))
    changed = list(parts)
    changed[which] = bytes(
        byte ^ (1 << draw.draw(st.integers(0, 7))) if n == at else byte for n, byte in enumerate(parts[which])
    )
    leaf, root, *path = parts
    for bad_leaf, bad_root, bad_path in (
        (changed[0], changed[1], changed[2:]),
        (leaf, root, path[:-1]),
        (leaf, root, [*path, path[-1]]),
        (leaf, root, [*path, bytes(32)]),
    ):
        with pytest.raises(BadInclusion):
            verify_inclusion(bad_leaf, index, size, bad_path, bad_root)


@given(st.data())
def test_a_changed_byte_breaks_a_consistency_proof(draw) -> None:
    """In either root or any step; and steps that are missing or too many."""
    new = draw.draw(st.integers(2, 33))
    old = draw.draw(st.integers(1, new - 1))
    parts = [ROOTS[old], ROOTS[new], *consistency_proof(old, new, NODE)]
    which, at = draw.draw(st.integers(0, len(parts) - 1)), draw.draw(st.integers(0, 31))
    changed = list(parts)
    changed[which] = bytes(byte ^ 0x10 if n == at else byte for n, byte in enumerate(parts[which]))
    first, second, *proof = parts
    for bad_first, bad_second, bad_proof in (
        (changed[0], changed[1], changed[2:]),
        (first, second, proof[:-1]),
        (first, second, [*proof, proof[-1]]),
        (first, second, []),
    ):
        with pytest.raises(BadInclusion):
            verify_consistency(old, new, bad_first, bad_second, bad_proof)


def test_proofs_that_cannot_be() -> None:
    """No leaf beyond the tree, no tree that shrinks, no two roots for one size."""
    with pytest.raises(BadInclusion):
        inclusion_proof(3, 3, NODE)
    with pytest.raises(BadInclusion):
        inclusion_proof(-1, 3, NODE)
    with pytest.raises(BadInclusion):
        verify_inclusion(leaf_hash(b""), 0, 0, [], EMPTY_ROOT)
    with pytest.raises(BadInclusion):
        consistency_proof(4, 3, NODE)
    with pytest.raises(BadInclusion):
        verify_consistency(4, 3, ROOTS[4], ROOTS[3], [])
    with pytest.raises(BadInclusion):
        verify_consistency(3, 3, ROOTS[3], ROOTS[4], [])
    with pytest.raises(BadInclusion):
        verify_consistency(0, 3, ROOTS[0], ROOTS[3], [ROOTS[1]])


def test_a_path_that_is_too_short_for_the_size_is_refused() -> None:
    """The root of a smaller tree is not that of a larger one, though the hashes fit."""
    for size in range(1, 17):
        path = inclusion_proof(0, size, NODE)
        with pytest.raises(BadInclusion):
            verify_inclusion(leaf_hash(b"leaf 0"), 0, 2 * size, path, ROOTS[size])
        if size > 1:
            proof = consistency_proof(1, size, NODE)
            with pytest.raises(BadInclusion):
                verify_consistency(1, 2 * size, ROOTS[1], ROOTS[size], proof)


def test_a_leaf_is_never_a_node() -> None:
    """The prefixes of RFC 6962 keep a leaf whose data are two hashes from passing as their parent."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != tree_root([b"a", b"b"])
