"""One message of node or worker: a JSON object in a frame (`compute_mesh.transport.frames`), its size bounded.

Larger things go in pieces: a message ``attach`` or ``data`` carries at most `MOST_PIECE` bytes, as base64.
"""

import json
from base64 import b64decode, b64encode
from binascii import Error
from typing import Any, Final

from compute_mesh.transport.frames import frame

MOST_MESSAGE: Final = 1 << 20
MOST_PIECE: Final = 512 << 10
#: Brackets within brackets; what workers say has four.
_DEEPEST: Final = 16


class BadFrame(ValueError):
    """Bytes that are no message of this protocol; the message names the rule and quotes nothing."""


def packed(message: dict[str, Any]) -> bytes:
    """A message as it goes over a pipe.

    Raises:
        ValueError: it is too long.
    """
    data = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    if len(data) > MOST_MESSAGE:
        raise ValueError(f"a message has at most {MOST_MESSAGE} bytes")
    return frame(data)


def parsed(data: bytes) -> dict[str, Any]:
    """The message in a frame.

    Raises:
        BadFrame: it is no JSON object, nested too deeply, has a key twice, or a number that JSON does not have.
    """
    if data.count(b"[") + data.count(b"{") > _DEEPEST and _depth(data) > _DEEPEST:
        raise BadFrame("brackets within brackets")
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise BadFrame("not a JSON object") from None
    if not isinstance(found, dict):
        raise BadFrame("not a JSON object")
    return found


def pieces(data: bytes) -> list[str]:
    """Bytes as base64 pieces, one at least."""
    starts = range(0, max(len(data), 1), MOST_PIECE)
    return [b64encode(data[start : start + MOST_PIECE]).decode("ascii") for start in starts]


def piece_bytes(text: str) -> bytes:
    """The bytes of a piece.

    Raises:
        BadFrame: it is no base64, or too long.
    """
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, Error):
        raise BadFrame("a piece is not base64") from None
    if len(data) > MOST_PIECE:
        raise BadFrame(f"a piece of more than {MOST_PIECE} bytes")
    return data


def _depth(data: bytes) -> int:
    """How deep brackets are nested, those within texts counted too."""
    deep = most = 0
    for sign in data:
        if sign in b"[{":
            deep += 1
            most = max(most, deep)
        elif sign in b"]}":
            deep -= 1
    return most


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadFrame("a key twice")
    return found


def _no_constant(_: str) -> None:
    raise BadFrame("a number that JSON does not have")
