"""Where the desk is reached, and what it is given from the rooms above."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from consent.desk.governing import Governing
from consent.intake import TextRedactor
from consent.state import State
from substrate.store.home import Home

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class BadOrigin(ValueError):
    """The address of the site cannot be used; the message says what it has to look like."""


@dataclass(frozen=True, slots=True)
class Site:
    """The address under which people reach the desk. ``local`` is true on one's own machine alone."""

    origin: str
    host: str
    secure: bool
    local: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a receipt holds, why not, and what was looked at."""

    valid: bool
    reason: str
    checks: dict[str, str]


@dataclass(frozen=True, slots=True)
class Published:
    """A dataset version as the transparency page shows it."""

    version: str
    items: int
    time: str


def none_found(_: Home) -> Sequence[tuple[str, str]]:
    """Where nothing was built there are no duplicates."""
    return ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desk needs and may not import.

    Attributes:
        home: the folder of the home; each request opens it for its own thread.
        now: the time, in the form of the profile.
        redactor: reads texts; several threads may ask it at once.
        uses: every use of a contribution that this home knows of (kind, id, at, on_withdrawal).
        verify: checks a receipt bundle against this home.
        explain: why a contribution weighs what it weighs (factor, value); none where nothing was built.
        versions: the published versions, oldest first.
        govern: proposals, votes, credits; without it the desk has no such pages.
        duplicates: texts that the last build left out for another one, each with the row of that one.
    """

    home: Path
    now: Callable[[], str]
    redactor: TextRedactor
    uses: Callable[[Home, State], Sequence[dict[str, str]]]
    verify: Callable[[bytes], Verdict]
    explain: Callable[[Home, str], Sequence[tuple[str, str]]]
    versions: Callable[[Home], Sequence[Published]]
    duplicates: Callable[[Home], Sequence[tuple[str, str]]] = none_found
    govern: Governing | None = None


def site_at(origin: str) -> Site:
    """The site of an origin such as ``https://consent.example.org`` or ``http://127.0.0.1:8000``.

    Raises:
        BadOrigin: not scheme, host and port alone, or plain HTTP beyond one's own machine.
    """
    parts = urlsplit(origin)
    try:
        name, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadOrigin("the port in the address of the site is no number") from None
    extra = parts.path or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("http", "https") or not name or extra:
        raise BadOrigin("give the address of the site as https://NAME or https://NAME:PORT, with nothing after it")
    local = name in LOOPBACK
    if parts.scheme == "http" and not local:
        raise BadOrigin("a site that others reach needs https: put a reverse proxy with a certificate before the desk")
    shown = f"[{name}]" if ":" in name else name
    host = shown if port is None else f"{shown}:{port}"
    return Site(f"{parts.scheme}://{host}", host, parts.scheme == "https", local)
