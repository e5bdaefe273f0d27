"""What people do at the desk right now, in the memory of this process: drafts, and contributions that a code opened.

Nothing here is ever written to a file. A visit ends when it is left alone for a day, or when its person says so.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from consent.change import Voice
from consent.desk.preview import Mark, Reading
from consent.desk.trouble import Trouble
from consent.issue import Identifiers, Offer
from substrate.record.keys import Signer

#: Seconds without a request after which a visit is forgotten (WCAG 2.2.1 asks for twenty hours).
REST: Final = 24 * 3600.0
MOST_VISITS: Final = 5000
MOST_CHARACTERS: Final = 64_000_000


@dataclass
class Code:
    """The withdrawal code of a draft. Once it was shown and kept by its person, only the keys are left here.

    ``signer`` is the one-use key of an assisted record; ``withdrawal`` the public key of the code.
    """

    secret: bytes | None = None
    signer: Signer | None = None
    withdrawal: str = ""
    by_browser: bool = False


@dataclass
class Prepared:
    """A record that waits for its signature: every value in it is fixed.

    ``invited`` are the labels of the other parties; ``codes`` their invitations, once it was given.
    """

    offer: Offer
    salt: bytes
    ids: Identifiers
    held: str
    time: str
    challenge: str
    body: dict[str, Any]
    invited: tuple[str, ...] = ()
    codes: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Draft:
    """What a person has answered so far. ``notice`` is the version that the page before the signature showed.

    That one is signed, even when stewards adopt a newer one between the page and the answer.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    reading: Reading | None = None
    marks: list[Mark] = field(default_factory=list)
    left: set[tuple[str, str]] = field(default_factory=set)
    seen: bool = False
    notice: str = ""
    code: Code = field(default_factory=Code)
    prepared: Prepared | None = None


@dataclass
class Guest:
    """A party of a conversation who answers an invitation. ``body`` waits for the signature of their browser.

    ``notice`` is the version that they were shown.
    """

    box: str
    contribution: str
    label: str
    answers: dict[str, Any] = field(default_factory=dict)
    notice: str = ""
    code: Code = field(default_factory=Code)
    body: dict[str, Any] | None = None
    time: str = ""
    challenge: str = ""


@dataclass
class Visit:
    """One browser: a draft, a contribution given here or joined, a contribution that a code or a key opened."""

    language: str = ""
    draft: Draft | None = None
    given: str = ""
    invited: list[tuple[str, str]] = field(default_factory=list)
    guest: Guest | None = None
    joined: tuple[str, str] | None = None
    took_part: set[str] = field(default_factory=set)
    opened: tuple[str, ...] = ()
    voice: Voice | None = None
    voices: dict[str, Voice] = field(default_factory=dict)
    challenge: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    seen_at: float = 0.0


class Visits:
    """All visits of this process, by the value of their cookie."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds that never go back."""
        self._clock = clock
        self._visits: dict[str, Visit] = {}
        self._lock = threading.Lock()

    def find(self, key: str) -> Visit | None:
        """The visit of a cookie, if there is one."""
        with self._lock:
            visit = self._visits.get(key)
            if visit is not None and self._clock() - visit.seen_at > REST:
                del self._visits[key]
                return None
            if visit is not None:
                visit.seen_at = self._clock()
            return visit

    def begin(self, key: str) -> Visit:
        """The visit of a cookie, made where there is none.

        Raises:
            Trouble: 503, when too many people are here at once.
        """
        found = self.find(key)
        if found is not None:
            return found
        with self._lock:
            self._forget()
            if len(self._visits) >= MOST_VISITS:
                raise Trouble(503)
            return self._visits.setdefault(key, Visit(seen_at=self._clock()))

    def make_room(self, characters: int) -> None:
        """Refuse a text when the texts of all drafts together would be too much.

        Raises:
            Trouble: 503.
        """
        with self._lock:
            self._forget()
            held = sum(len(v.draft.text) for v in self._visits.values() if v.draft)
        if held + characters > MOST_CHARACTERS:
            raise Trouble(503)

    def end(self, key: str) -> None:
        """Forget a visit and everything in it."""
        with self._lock:
            self._visits.pop(key, None)

    def _forget(self) -> None:
        now = self._clock()
        self._visits = {key: v for key, v in self._visits.items() if now - v.seen_at <= REST}


def new_key() -> str:
    """The value of a new cookie: 128 random bits."""
    return secrets.token_hex(16)
