"""Signed heads of logs: C2SP ``tlog-checkpoint`` in a C2SP ``signed-note``.

Form: origin, size and base64 root on three lines, an empty line, and signature lines
``— <name> <base64(4-byte key hash || signature)>``. The key hash is
SHA-256(name || 0x0A || 0x01 || public key)[:4] (signed-note, Ed25519).
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from substrate.record.errors import BadSignature, MalformedDocument
from substrate.record.keys import Signer, public_of, verify

MAX_CHECKPOINT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Head:
    """The state of one log: its origin (the log's id), the number of leaves and their root (32 bytes)."""

    origin: str
    size: int
    root: bytes


def log_origin(node: str, incarnation: str) -> str:
    """The id of a log: the node's did:key and a random incarnation (a restored backup begins a new one)."""
    return f"{node}/{incarnation}"


def node_of(origin: str) -> str:
    """The did:key of the node that writes the log ``origin``.

    Raises:
        MalformedDocument: not the id of a log.
    """
    node, slash, incarnation = origin.partition("/")
    if not slash or not (len(incarnation) == 16 and set(incarnation) <= set("0123456789abcdef")):
        raise MalformedDocument("not the id of a log: <did:key>/<16 hexadecimal digits>")
    public_of(node)
    return node


def sign_checkpoint(head: Head, signer: Signer) -> str:
    """The checkpoint of ``head`` as text."""
    return checkpoint_text(head, signer.sign(_body(head).encode("utf-8")))


def read_checkpoint(text: str) -> Head:
    """Parse a checkpoint and check the signature of the node that its origin names.

    Raises:
        MalformedDocument: not a checkpoint.
        BadSignature: not signed by the node of its origin.
    """
    if len(text) > MAX_CHECKPOINT_BYTES:
        raise MalformedDocument("a checkpoint that is too long")
    body, blank, signatures = text.partition("\n\n")
    lines = body.split("\n")
    if not blank or len(lines) != 3:
        raise MalformedDocument("a checkpoint has three lines, an empty one and a signature")
    head = _head(lines)
    public = public_of(node_of(head.origin))
    wanted = _key_hash(head.origin, public)
    signed = False
    for name, raw in _signature_lines(signatures):
        if name == head.origin and raw[:4] == wanted:
            verify(node_of(head.origin), (body + "\n").encode("utf-8"), raw[4:])
            signed = True
    if signed:
        return head
    raise BadSignature("the checkpoint is not signed by the node that its origin names")


def signature_of(text: str) -> bytes:
    """The 64 bytes of the node's signature in a checkpoint that was read before."""
    head = _head(text.partition("\n\n")[0].split("\n"))
    wanted = _key_hash(head.origin, public_of(node_of(head.origin)))
    lines = _signature_lines(text.partition("\n\n")[2])
    return next(raw[4:] for name, raw in lines if name == head.origin and raw[:4] == wanted)


def checkpoint_text(head: Head, signature: bytes) -> str:
    """The checkpoint with this signature, in its one form; `read_checkpoint` says whether it holds."""
    key_hash = _key_hash(head.origin, public_of(node_of(head.origin)))
    return f"{_body(head)}\n— {head.origin} {base64.b64encode(key_hash + signature).decode('ascii')}\n"


def _signature_lines(text: str) -> list[tuple[str, bytes]]:
    """(name, key hash and signature) of every line, each in its one form."""
    if not text.endswith("\n"):
        raise MalformedDocument("a checkpoint ends with a line end")
    found = []
    for line in text[:-1].split("\n"):
        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.rpartition(" ")
        if mark != "—" or not name:
            raise MalformedDocument("a line of a checkpoint that is no signature")
        found.append((name, _decode64(encoded)))
    return found


def _head(lines: list[str]) -> Head:
    origin, size, root = lines
    if not (size.isascii() and size.isdigit() and len(size) < 16 and str(int(size)) == size):
        raise MalformedDocument("the size of a checkpoint must be a plain number")
    raw = _decode64(root)
    if len(raw) != 32:
        raise MalformedDocument("the root of a checkpoint must have 32 bytes")
    return Head(origin, int(size), raw)


def _body(head: Head) -> str:
    return f"{head.origin}\n{head.size}\n{base64.b64encode(head.root).decode('ascii')}\n"


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode("utf-8") + b"\n\x01" + public).digest()[:4]


def _decode64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedDocument("not base64") from None
    if base64.b64encode(raw).decode("ascii") != text:
        raise MalformedDocument("base64 in another form than its bytes have")
    return raw
