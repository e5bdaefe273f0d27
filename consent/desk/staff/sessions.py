"""Sessions of moderators and stewards, in the memory of this process: a restart logs everybody out."""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

#: Seconds after which one logs in again (WCAG 2.2.1 asks for twenty hours).
LONGEST: Final = 20 * 3600.0
MOST: Final = 1000


@dataclass
class Session:
    """Somebody who is logged in. What they may do is asked anew at every request."""

    account: str
    since: float
    challenge: bytes = b""


class Sessions:
    """All sessions, by the digest of their cookie: no look-up compares a secret letter by letter."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds that never go back."""
        self._clock, self._lock = clock, threading.Lock()
        self._sessions: dict[bytes, Session] = {}

    def begin(self, account: str) -> str:
        """A new session; returns the value of its cookie."""
        value = secrets.token_urlsafe(32)
        with self._lock:
            now = self._clock()
            self._sessions = {key: one for key, one in self._sessions.items() if now - one.since <= LONGEST}
            while len(self._sessions) >= MOST:
                del self._sessions[min(self._sessions, key=lambda key: self._sessions[key].since)]
            self._sessions[_digest(value)] = Session(account, now)
        return value

    def find(self, value: str) -> Session | None:
        """The session of a cookie."""
        with self._lock:
            found = self._sessions.get(_digest(value))
            if found is not None and self._clock() - found.since > LONGEST:
                del self._sessions[_digest(value)]
                return None
            return found

    def end(self, value: str) -> None:
        """Log out."""
        with self._lock:
            self._sessions.pop(_digest(value), None)


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8")).digest()
