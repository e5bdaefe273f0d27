"""A copy of an export against a revocation feed: which of its rows must go. Needs no home."""

import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from assets.release.reading import read_rows
from consent.desk.revocations import FORMAT, KIND
from corpus.sums import SIGNED_SUMS
from substrate.record.canonical import parse_strict
from substrate.record.documents import read_document
from substrate.record.errors import MalformedDocument, NoAuthority, UnknownCommons
from substrate.record.proof import verify_proof
from substrate.store.errors import NotFound
from substrate.store.home import home_exists, open_home

_PAGE_BYTES: Final = 4 * 1024 * 1024
_MOST_PAGES: Final = 10_000
_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class FeedCheck:
    """How many rows an export lists, and those that were taken back since."""

    rows: int
    withdrawn: tuple[str, ...]


def check_feed(folder: Path, url: str, home: Path) -> FeedCheck:
    """Read every page of the feed, verify each, and name the rows of the export that must go.

    The feed has to be signed by the node that signed the export, or by one that follows it, as far as the ledger of a
    home at hand tells.

    Raises:
        NotFound: the feed or the export cannot be read. MalformedDocument, BadSignature: a page is not a signed one.
        UnknownCommons, NoAuthority: it is another commons' or another node's.
    """
    rows = set(read_rows(folder)["row"].to_list())
    commons, node = _exporter(folder)
    revoked: set[str] = set()
    after = 0
    for _ in range(_MOST_PAGES):
        page = _page(url, after)
        signer = verify_proof(page)
        if page.get("audience") != commons:
            raise UnknownCommons("the feed belongs to another commons than the export")
        if signer != node and not _succeeds(home, signer, node):
            raise NoAuthority("the feed is signed by another node than the export")
        revoked |= set(page["rows"])
        if not page["more"]:
            return FeedCheck(len(rows), tuple(sorted(rows & revoked)))
        if page["next"] <= after:
            raise MalformedDocument("the feed does not go on: its next page is the same")
        after = page["next"]
    raise MalformedDocument("the feed has no end")


def _exporter(folder: Path) -> tuple[str, str]:
    """The commons and the node of an export, from the statement that it carries."""
    try:
        statement = read_document((folder / SIGNED_SUMS).read_bytes())
    except OSError:
        raise NotFound(f"{SIGNED_SUMS} is missing: without it nobody can tell whose export this is") from None
    return str(statement.body["audience"]), statement.signer


def _page(url: str, after: int) -> dict[str, Any]:
    if urlsplit(url).scheme not in ("http", "https"):
        raise NotFound("the address of a feed begins with https:// or http://")
    try:
        with urllib.request.urlopen(f"{url}?after={after}", timeout=_SECONDS) as answer:  # noqa: S310 (checked above)
            raw = answer.read(_PAGE_BYTES + 1)
    except (urllib.error.URLError, TimeoutError, OSError):
        raise NotFound("the feed does not answer") from None
    page = parse_strict(raw, max_bytes=_PAGE_BYTES)
    shape = {"type": str, "format": str, "rows": list, "more": bool, "next": int, "after": int}
    fits = all(isinstance(page.get(key), kind) for key, kind in shape.items())
    if not fits or (page["type"], page["format"], page["after"]) != (KIND, FORMAT, after):
        raise MalformedDocument("that is no page of a revocation feed")
    if not all(isinstance(row, str) for row in page["rows"]):
        raise MalformedDocument("a row of the feed is no text")
    return page


def _succeeds(home: Path, signer: str, node: str) -> bool:
    if not home_exists(home):
        return False
    with open_home(home) as opened:
        return opened.roles().succeeds(signer, node)


def told(found: FeedCheck) -> dict[str, Any]:
    """What the command prints."""
    return {"rows": found.rows, "withdrawn": list(found.withdrawn)}
