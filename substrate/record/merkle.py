"""RFC 6962 Merkle trees: roots, inclusion and consistency proofs.

`TreeHasher` names follow RFC 6962 section 2.1. Proof verification follows RFC 9162 sections 2.1.3.2 and
2.1.4.2. Nodes are addressed as ``(level, index)``: level 0 are leaf hashes, and node (l, i) covers the leaves
from i*2^l to (i+1)*2^l. Only complete nodes are ever stored; they never change.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from substrate.record.errors import BadInclusion

NodeReader = Callable[[int, int], bytes]
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: log2(n) hashes, enough to append and to know the root."""

    def __init__(self, size: int = 0, peaks: list[bytes] | None = None) -> None:
        """``peaks`` are the roots of the complete subtrees of a tree of ``size`` leaves, largest first."""
        self.size = size
        self.peaks = list(peaks or [])

    def append(self, leaf: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Add one leaf hash; yields every node that became complete as (level, index, hash)."""
        node, level, index = leaf, 0, self.size
        yield level, index, node
        while index & 1:
            node = node_hash(self.peaks.pop(), node)
            level, index = level + 1, index >> 1
            yield level, index, node
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far."""
        return _fold_peaks(self.peaks)


class TreeHead:
    """The root of leaves that come one after the other, in blocks: memory for one block, whatever their number."""

    _LEVELS = 10

    def __init__(self) -> None:
        """A tree without leaves."""
        self.size = 0
        self._blocks = Frontier()
        self._rest: list[bytes] = []

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf *data* (not hashes), in the order given."""
        source, sha256 = iter(leaves), hashlib.sha256
        while fresh := list(islice(source, (1 << self._LEVELS) - len(self._rest))):
            self.size += len(fresh)
            self._rest += [sha256(b"\x00" + data).digest() for data in fresh]
            if len(self._rest) == 1 << self._LEVELS:
                block = self._rest
                while len(block) > 1:
                    block = [sha256(b"\x01" + block[i] + block[i + 1]).digest() for i in range(0, len(block), 2)]
                for _ in self._blocks.append(block[0]):
                    pass
                self._rest = []

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far."""
        rest = Frontier()
        for leaf in self._rest:
            for _ in rest.append(leaf):
                pass
        return _fold_peaks(self._blocks.peaks + rest.peaks)


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """The Merkle tree hash over leaf *data* (not hashes), in the order given."""
    head = TreeHead()
    head.extend(leaves)
    return head.root()


def peaks_of(size: int) -> list[tuple[int, int]]:
    """The (level, index) of the complete subtrees of a tree of ``size`` leaves, largest first."""
    peaks, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            peaks.append((level, start >> level))
            start += 1 << level
    return peaks


def root_at(size: int, node: NodeReader) -> bytes:
    """The root of the first ``size`` leaves, read from stored complete nodes."""
    return _fold_peaks([node(level, index) for level, index in peaks_of(size)])


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """The audit path of leaf ``index`` in a tree of ``size`` leaves (RFC 9162 section 2.1.3.1).

    Raises:
        BadInclusion: there is no such leaf.
    """
    if not 0 <= index < size:
        raise BadInclusion(f"no leaf {index} in a tree of {size}")
    return _path(index, 0, size, node)


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """That the tree of ``new`` leaves extends the one of ``old`` leaves (RFC 9162 section 2.1.4.1).

    Raises:
        BadInclusion: ``old`` is larger than ``new``.
    """
    if not 0 <= old <= new:
        raise BadInclusion(f"a tree of {new} leaves cannot extend one of {old}")
    if old in (0, new):
        return []
    return _subproof(old, 0, new, True, node)


def verify_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    """Check an audit path for a leaf hash.

    Raises:
        BadInclusion: the path does not lead from the leaf to the root.
    """
    if not 0 <= index < size:
        raise BadInclusion(f"no leaf {index} in a tree of {size}")
    fn, sn, result = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            raise BadInclusion("the path is longer than the tree is high")
        if fn & 1 or fn == sn:
            result = node_hash(sibling, result)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or result != root:
        raise BadInclusion("the path does not lead to the signed root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> None:
    """Check that the tree (new, new_root) extends (old, old_root).

    Raises:
        BadInclusion: it does not.
    """
    if old > new:
        raise BadInclusion(f"a tree of {new} leaves cannot extend one of {old}")
    if old == new or old == 0:
        if proof or (old == new and old_root != new_root):
            raise BadInclusion("two roots for one size")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise BadInclusion("an empty proof")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise BadInclusion("the proof is longer than the tree is high")
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or first != old_root or second != new_root:
        raise BadInclusion("the newer tree does not extend the older one")


def _fold_peaks(peaks: list[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    result = peaks[-1]
    for peak in reversed(peaks[:-1]):
        result = node_hash(peak, result)
    return result


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def _subroot(start: int, end: int, node: NodeReader) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    k = _split(size)
    return node_hash(_subroot(start, start + k, node), _subroot(start + k, end, node))


def _path(index: int, start: int, end: int, node: NodeReader) -> list[bytes]:
    if end - start == 1:
        return []
    k = _split(end - start)
    if index < start + k:
        return [*_path(index, start, start + k, node), _subroot(start + k, end, node)]
    return [*_path(index, start + k, end, node), _subroot(start, start + k, node)]


def _subproof(old: int, start: int, end: int, known: bool, node: NodeReader) -> list[bytes]:
    if old == end - start:
        return [] if known else [_subroot(start, end, node)]
    k = _split(end - start)
    if old <= k:
        return [*_subproof(old, start, start + k, known, node), _subroot(start + k, end, node)]
    return [
        *_subproof(old - k, start + k, end, False, node),
        _subroot(start, start + k, node),
    ]
