"""How much one visitor may send, and how often."""

import threading
import time
from collections.abc import Callable, MutableMapping
from ipaddress import ip_address
from typing import Any, Final

from consent.desk.site import LOOPBACK, Site

#: Bytes of a request's body: a text of a million letters, encoded for a form; everything else is small.
TEXT_BODY: Final = 9 * 1024 * 1024
OTHER_BODY: Final = 256 * 1024
#: Where a text is sent.
TEXT_PATHS: Final = frozenset({"/give/text"})
#: Requests of one address in a minute. Many people may share one address.
REQUESTS_PER_MINUTE: Final = 6000
#: Wrong codes of one address in ten minutes; the codes themselves have 160 bits.
WRONG_CODES: Final = 20
TEN_MINUTES: Final = 600.0
#: Previews that are being made or wait for the redactor at once.
MOST_READING: Final = 64
_MOST_CLIENTS: Final = 10_000


def client_of(scope: MutableMapping[str, Any], site: Site) -> str:
    """The network address to count for: behind a proxy of this machine, the one that the proxy saw.

    A proxy is believed only where the desk has an address of its own and the connection comes from this machine; and
    of what it says the last entry alone, since all before it is what the client said.
    """
    client = scope.get("client")
    peer = str(client[0]) if client else ""
    if site.local or peer not in LOOPBACK:
        return peer
    said = [value for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
    try:
        return str(ip_address(said[-1].decode("ascii").rpartition(",")[2].strip())) if said else peer
    except ValueError:
        return peer


def body_limit(path: str) -> int:
    """The most bytes that a request for ``path`` may bring."""
    return TEXT_BODY if path in TEXT_PATHS else OTHER_BODY


class Counter:
    """Counts events per client in windows of ``seconds``; forgets a client when its window has passed."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds that never go back."""
        self._most, self._seconds, self._clock = most, seconds, clock
        self._windows: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def full(self, client: str) -> bool:
        """Whether the client has used up its window."""
        with self._lock:
            return self._count(client) >= self._most

    def add(self, client: str) -> bool:
        """Count one event; False when it is one too many."""
        with self._lock:
            count = self._count(client)
            start = self._windows[client][0] if count else self._clock()
            if len(self._windows) >= _MOST_CLIENTS:
                self._forget()
            self._windows[client] = (start, count + 1)
            return count < self._most

    def _count(self, client: str) -> int:
        start, count = self._windows.get(client, (0.0, 0))
        if count and self._clock() - start >= self._seconds:
            del self._windows[client]
            return 0
        return count

    def _forget(self) -> None:
        now = self._clock()
        self._windows = {c: w for c, w in self._windows.items() if now - w[0] < self._seconds}
