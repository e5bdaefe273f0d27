"""Many people at a desk at once, in one process that costs little: each goes through the forms with a pause per page.

    python tests/proofs/desk_load.py URL --people 50 --pause 5 --seconds 120

A page is timed from the click to the last byte of what is shown: the post, where it leads, and that page. Whoever
finds the desk gone tries again each second; whose draft is gone begins anew. Prints one JSON object: times of pages and
previews in seconds, the receipts that were shown, and what went wrong.
"""

import argparse
import asyncio
import html
import json
import random
import re
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

#: Everything that a person answers, in order: the address, and the fields of its form.
WAY: list[tuple[str, dict[str, str]]] = [
    ("/begin", {}),
    ("/give/adult", {"answer": "yes"}),
    ("/give/kind", {"answer": "own"}),
    ("/give/rights", {"answer": "author"}),
    ("/give/people", {"answer": "no"}),
    ("/give/minors", {"answer": "none"}),
    ("/give/sensitive", {"answer": "none"}),
    ("/give/tier", {"answer": "training-only"}),
    ("/give/purposes", {"answer": "train"}),
    ("/give/name", {"answer": "pseudonym", "name": "Quill"}),
    ("/give/about", {"language": "en", "domain": "letter"}),
    ("/give/text", {"text": ""}),
    ("/give/preview", {"action": "keep", "read": "yes"}),
    ("/give/check-1", {"answer": "no"}),
    ("/give/check-2", {"answer": "yes"}),
    ("/give/check-3", {"answer": "new"}),
    ("/give/code", {"action": "keep", "kept": "yes"}),
    ("/give/answers", {"decision": "give"}),
]
WORDS = re.findall(
    r"\w+",
    "the baker opened early and river was high so nobody crossed before noon while my aunt told of winters when bread"
    " carried over hill by two mules a boy who sang about rain lamp in window",
)
NAMES = ("Martha Quill", "Edwin Marsh", "Oona Tarrant", "Silas Brook", "Petra Lindqvist", "Tom Ashby")
PATIENCE = 60.0


class Gone(Exception):
    """The desk does not answer."""


@dataclass
class Book:
    """What all people saw."""

    pages: list[float] = field(default_factory=list)
    previews: list[float] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    begun: int = 0
    drafts_lost: int = 0
    refused: int = 0
    broken: list[str] = field(default_factory=list)


class Browser:
    """One connection, and one cookie."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port, self.origin = parts.hostname or "", parts.port or 80, url
        self.cookie = ""
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def leave(self) -> None:
        """Close the connection."""
        if self.streams is not None:
            self.streams[1].close()
        self.streams = None

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, str, str]:
        """Status, where it leads, and the page. Raises `Gone` where nothing answers."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask(method, path, body)
        except (OSError, EOFError, TimeoutError):
            self.leave()
            raise Gone from None

    async def _ask(self, method: str, path: str, body: bytes) -> tuple[int, str, str]:
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self.streams
        head = f"{method} {path} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\norigin: {self.origin}\r\n"
        head += f"cookie: {self.cookie}\r\n" if self.cookie else ""
        if method == "POST":
            head += f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\n"
        writer.write(head.encode() + b"\r\n" + body)
        raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = dict(re.findall(r"(?m)^([a-z-]+): ([^\r]*)", raw))
        page = await reader.readexactly(int(fields.get("content-length", "0")))
        if "set-cookie" in fields:
            self.cookie = fields["set-cookie"].partition(";")[0]
        return int(raw[9:12]), fields.get("location", ""), page.decode()


def a_text(chance: random.Random) -> str:
    """Some hundred words, unlike any other, with people and a number in it."""
    sentences = [" ".join(chance.choices(WORDS, k=14)).capitalize() + "." for _ in range(9)]
    sentences.insert(2, f"{chance.choice(NAMES)} said so and left 01632 960{chance.randrange(100, 999)} on a note.")
    return " ".join(sentences)


async def person(url: str, pause: float, until: float, book: Book, chance: random.Random) -> None:
    """Give one text after the other until the time is over."""
    await asyncio.sleep(chance.random() * pause)
    browser = Browser(url)
    while time.monotonic() < until:
        try:
            await _give(browser, pause, until, book, chance)
        except Gone:
            book.refused += 1
            await asyncio.sleep(1)
        browser.leave()
        browser.cookie = ""
    browser.leave()


async def _give(browser: Browser, pause: float, until: float, book: Book, chance: random.Random) -> None:
    book.begun += 1
    _, _, page = await browser.ask("GET", "/")
    for path, fields in WAY:
        browser.leave()  # While a page is read: servers close what is idle for five seconds.
        await asyncio.sleep(pause * (0.8 + 0.4 * chance.random()))
        if time.monotonic() >= until:
            return
        begun = time.monotonic()
        text = {"text": a_text(chance)} if path == "/give/text" else {}
        status, where, shown = await browser.ask(
            "POST", path, urlencode({"token": _token(page), **fields, **text}).encode()
        )
        if status == 303:
            status, _, shown = await browser.ask("GET", where)
        if status == 409:
            book.drafts_lost += 1
            return
        if status != 200:
            book.broken.append(f"{path}: {status}")
            return
        (book.previews if path == "/give/text" else book.pages).append(time.monotonic() - begun)
        page = shown
    found = re.search(r"urn:uuid:[0-9a-f-]{36}", html.unescape(page))
    book.receipts += [found[0]] if found else []


def _token(page: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]+)"', page)
    return found[1] if found else ""


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of all are."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


async def everybody(url: str, people: int, pause: float, seconds: float) -> Book:
    """All of them at once."""
    book, until = Book(), time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(people):
            group.create_task(person(url, pause, until, book, random.Random(number)))
    return book


def main() -> None:
    """Run, and print what was seen."""
    parser = argparse.ArgumentParser(description="Many people at a desk.")
    parser.add_argument("url")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--pause", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=120.0)
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        book = asyncio.run(everybody(options.url, options.people, options.pause, options.seconds))
        told: dict[str, Any] = {
            "people": options.people, "pages": len(book.pages), "previews": len(book.previews),
            "p50 page": percentile(book.pages, 0.5), "p95 page": percentile(book.pages, 0.95),
            "longest page": max(book.pages, default=0.0),
            "p50 preview": percentile(book.previews, 0.5), "p95 preview": percentile(book.previews, 0.95),
            "longest preview": max(book.previews, default=0.0), "begun": book.begun, "receipts": book.receipts,
            "drafts lost": book.drafts_lost, "found gone": book.refused, "broken": book.broken,
        }  # fmt: skip
        sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
