"""The messages of ledger sync, protocol ``lecs/ledger/1``: one frame each, its first byte says which.

docs/reference/mesh-protocol.md describes the bytes; tests/vectors/mesh holds examples of each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from compute_mesh.ledger.cursor import Cursor, number_bytes, origin_bytes
from compute_mesh.transport.failures import Malformed
from substrate.record.canonical import MAX_DOCUMENT_BYTES

PROTOCOL: Final = b"lecs/ledger/1"
VERSION: Final = 1
#: No frame is longer. A batch of documents is cut so that it fits.
MOST_MESSAGE: Final = 2 << 20
#: Bytes of documents that one batch holds, unless a single one is longer.
MOST_BATCH: Final = 512 << 10
#: Leaves in one batch; private ones are small.
MOST_LEAVES: Final = 8192
MOST_BODIES: Final = 256
SHORT_ROOT: Final = 8
_PATH: Final = 128

_PUBLIC, _PRIVATE, _WITHHELD = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Hello:
    """Begins a session: which commons (16 bytes of a hash), the digest of all heads, and whether bodies are missing."""

    commons: bytes
    state: bytes
    wants: bool


@dataclass(frozen=True, slots=True)
class Same:
    """The answer when nothing differs and nobody misses a body: the session is over."""


@dataclass(frozen=True, slots=True)
class Tip:
    """The end of a log as its holder states it: its id, its size, and the first 8 bytes of its root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Tips:
    """All tips of the answering side (or, with ``turn``, those of the asking side that the other one lacks)."""

    turn: bool
    tips: tuple[Tip, ...]


@dataclass(frozen=True, slots=True)
class Get:
    """Asks for leaves of the log that ends in ``tip``, from leaf ``start`` on."""

    tip: Tip
    start: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf: a public document's canonical bytes, or a digest (of a private one, or of a body that is not here)."""

    private: bool
    digest: bytes = b""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Batch:
    """Leaves from ``start`` on, a signed head (size, root, signature), and the proof that it extends them."""

    start: int
    leaves: tuple[Leaf, ...]
    size: int
    root: bytes
    signature: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Prove:
    """Asks how the log that ends in ``tip`` looked when it had ``old`` leaves."""

    tip: Tip
    old: int


@dataclass(frozen=True, slots=True)
class Proof:
    """Its root then, its signed head now, and the consistency proof between them."""

    old_root: bytes
    root: bytes
    signature: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Want:
    """Asks for public documents by their digests."""

    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Bodies:
    """Those of them that are here."""

    bodies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """What was asked for is not here (any more)."""


@dataclass(frozen=True, slots=True)
class Done:
    """The asking side has all it wants; after a turn the session is over."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The answering side does not go on; the word says why."""

    why: str


Message = Hello | Same | Tips | Get | Batch | Prove | Proof | Want | Bodies | Absent | Done | Refused

#: Why a side does not go on.
REASONS: Final = ("version", "commons", "blocked", "busy", "quota", "broken")


def encode(message: Message) -> bytes:
    """The bytes of a message, its type first."""
    code, write = _WRITERS[type(message)]
    return bytes([code]) + write(message)


def decode(raw: bytes) -> Message:
    """Read one message.

    Raises:
        Malformed: naming the rule that was broken.
    """
    cursor = Cursor(raw)
    reader = _READERS.get(cursor.take(1)[0])
    if reader is None:
        raise Malformed("a message of a type that this protocol does not have")
    message = reader(cursor)
    cursor.end()
    return message


def _write_hello(m: Hello) -> bytes:
    return bytes([VERSION]) + m.commons + m.state + bytes([m.wants])


def _read_hello(c: Cursor) -> Message:
    if c.take(1)[0] != VERSION:
        return Refused("version")
    return Hello(c.take(16), c.take(32), _flag(c))


def _write_tip(tip: Tip) -> bytes:
    return origin_bytes(tip.origin) + number_bytes(tip.size) + tip.root


def _read_tip(c: Cursor) -> Tip:
    tip = Tip(c.origin(), c.number(), c.take(SHORT_ROOT))
    if not tip.size:
        raise Malformed("a log without leaves has no end to be told of")
    return tip


def _write_tips(m: Tips) -> bytes:
    return bytes([m.turn]) + number_bytes(len(m.tips)) + b"".join(map(_write_tip, m.tips))


def _read_tips(c: Cursor) -> Tips:
    turn = _flag(c)
    return Tips(turn, tuple(_read_tip(c) for _ in range(c.count(49))))


def _write_get(m: Get) -> bytes:
    return _write_tip(m.tip) + number_bytes(m.start)


def _read_get(c: Cursor) -> Get:
    return Get(_read_tip(c), c.number())


def _write_batch(m: Batch) -> bytes:
    parts = [number_bytes(m.start), number_bytes(len(m.leaves))]
    for leaf in m.leaves:
        if leaf.body:
            parts += [bytes([_PUBLIC]), number_bytes(len(leaf.body)), leaf.body]
        else:
            parts += [bytes([_PRIVATE if leaf.private else _WITHHELD]), leaf.digest]
    return b"".join([*parts, number_bytes(m.size), m.root, m.signature, _write_hashes(m.proof)])


def _read_batch(c: Cursor) -> Batch:
    start, count = c.number(), c.count(3)
    if count > MOST_LEAVES:
        raise Malformed(f"more than {MOST_LEAVES} leaves in one batch")
    leaves = tuple(_read_leaf(c) for _ in range(count))
    return Batch(start, leaves, c.number(), c.take(32), c.take(64), _read_hashes(c))


def _read_leaf(c: Cursor) -> Leaf:
    kind = c.take(1)[0]
    if kind == _PUBLIC:
        size = c.number()
        if not 0 < size <= MAX_DOCUMENT_BYTES:
            raise Malformed("a document that is empty or too long")
        return Leaf(False, body=c.take(size))
    if kind not in (_PRIVATE, _WITHHELD):
        raise Malformed("a leaf of a class that logs do not have")
    return Leaf(kind == _PRIVATE, digest=c.take(32))


def _write_prove(m: Prove) -> bytes:
    return _write_tip(m.tip) + number_bytes(m.old)


def _read_prove(c: Cursor) -> Prove:
    return Prove(_read_tip(c), c.number())


def _write_proof(m: Proof) -> bytes:
    return m.old_root + m.root + m.signature + _write_hashes(m.proof)


def _read_proof(c: Cursor) -> Proof:
    return Proof(c.take(32), c.take(32), c.take(64), _read_hashes(c))


def _write_want(m: Want) -> bytes:
    return number_bytes(len(m.digests)) + b"".join(m.digests)


def _read_want(c: Cursor) -> Want:
    count = c.count(32)
    if count > MOST_BODIES:
        raise Malformed(f"more than {MOST_BODIES} documents asked for at once")
    return Want(tuple(c.take(32) for _ in range(count)))


def _write_bodies(m: Bodies) -> bytes:
    return number_bytes(len(m.bodies)) + b"".join(number_bytes(len(b)) + b for b in m.bodies)


def _read_bodies(c: Cursor) -> Bodies:
    count = c.count(2)
    if count > MOST_BODIES:
        raise Malformed(f"more than {MOST_BODIES} documents at once")
    return Bodies(tuple(c.take(c.number()) for _ in range(count)))


def _write_refused(m: Refused) -> bytes:
    return bytes([REASONS.index(m.why)])


def _read_refused(c: Cursor) -> Refused:
    number = c.take(1)[0]
    if number >= len(REASONS):
        raise Malformed("a refusal for a reason that this protocol does not have")
    return Refused(REASONS[number])


def _write_hashes(hashes: tuple[bytes, ...]) -> bytes:
    return number_bytes(len(hashes)) + b"".join(hashes)


def _read_hashes(c: Cursor) -> tuple[bytes, ...]:
    count = c.count(32)
    if count > _PATH:
        raise Malformed(f"a proof of more than {_PATH} hashes")
    return tuple(c.take(32) for _ in range(count))


def _flag(c: Cursor) -> bool:
    byte = c.take(1)[0]
    if byte > 1:
        raise Malformed("a flag that is neither 0 nor 1")
    return byte == 1


_CODES: Final[dict[int, tuple[type[Message], Callable[..., bytes], Callable[[Cursor], Message]]]] = {
    1: (Hello, _write_hello, _read_hello),
    2: (Same, lambda _: b"", lambda _: Same()),
    3: (Tips, _write_tips, _read_tips),
    4: (Get, _write_get, _read_get),
    5: (Batch, _write_batch, _read_batch),
    6: (Prove, _write_prove, _read_prove),
    7: (Proof, _write_proof, _read_proof),
    8: (Want, _write_want, _read_want),
    9: (Bodies, _write_bodies, _read_bodies),
    10: (Absent, lambda _: b"", lambda _: Absent()),
    11: (Done, lambda _: b"", lambda _: Done()),
    12: (Refused, _write_refused, _read_refused),
}
_WRITERS: Final = {kind: (code, write) for code, (kind, write, _) in _CODES.items()}
_READERS: Final = {code: read for code, (_, _, read) in _CODES.items()}
