"""How much one visitor may send, and how often."""

import threading
import time
from collections.abc import Callable
from typing import Final

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
