"""iroh's errors as ours. Its exceptions have no text of their own, and their messages may quote the peer."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import iroh

from compute_mesh.transport.failures import Reason, TransportFailed

_REASONS: Final = {
    iroh.IrohErrorKind.INVALID_INPUT: Reason.INPUT,
    iroh.IrohErrorKind.KEY_PARSING: Reason.INPUT,
    iroh.IrohErrorKind.BIND: Reason.INPUT,
    iroh.IrohErrorKind.CONNECT: Reason.UNREACHABLE,
    iroh.IrohErrorKind.ALPN: Reason.REFUSED,
    iroh.IrohErrorKind.STREAM: Reason.STOPPED,
}
#: How the message of a stream error begins, where that says more than its kind.
_STREAM: Final = (("FinishedEarly", Reason.ENDED), ("ConnectionLost", Reason.CLOSED))
#: The first word of a message is a name of the library; what follows may come from the peer.
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z:]{0,60}")


@contextmanager
def named(what: str) -> Iterator[None]:
    """Turn an `IrohError` into a `TransportFailed` that says what was being done."""
    try:
        yield
    except iroh.IrohError as error:
        raise failure(what, error) from None


def failure(what: str, error: iroh.IrohError) -> TransportFailed:
    """The `TransportFailed` for an error of the library."""
    kind, message = error.kind(), error.message()
    reason = _REASONS.get(kind, Reason.CLOSED)
    if kind is iroh.IrohErrorKind.STREAM:
        reason = next((other for start, other in _STREAM if start in message[:200]), reason)
    if "peer doesn't support any known protocol" in message or "no_application_protocol" in message:
        reason = Reason.REFUSED
    found = _NAME.match(message)
    detail = found[0] if found else "no detail"
    return TransportFailed(reason, f"{what}: {reason.value} ({kind.name.lower()}, {detail})")
