"""A running desk, and people without scripts who use it: for the proofs of issue 7."""

import contextlib
import html
import itertools
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from desk_load import WAY
from running import LECS, clean_environment, require

PATIENCE = 120.0


class Desk:
    """`lecs desk` of a home, whose words and faults go to ``said``."""

    def __init__(self, home: Path, said: Path, port: int = 0, wrapper: tuple[str, ...] = ()) -> None:
        self.home, self.said, self.port, self.wrapper = home, said, port, wrapper
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it, or start it again on the same port; returns the seconds until it answered."""
        command = [*self.wrapper, LECS, "desk", "--port", str(self.port), "--json", "--home", str(self.home)]
        begun = time.monotonic()
        with self.said.open("ab") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=clean_environment())
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        require(line, f"the desk did not start: {self.said.read_text('utf-8')[-300:]}")
        self.url = str(json.loads(line)["url"])
        self.port = int(self.url.rpartition(":")[2])
        return time.monotonic() - begun

    def kill(self) -> None:
        """`kill -9`."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def running(home: Path, folder: Path, wrapper: tuple[str, ...] = ()) -> Iterator[Desk]:
    """A desk while this lasts."""
    desk = Desk(home, folder / "desk-said.txt", wrapper=wrapper)
    desk.start()
    try:
        yield desk
    finally:
        desk.kill()


_addresses = itertools.count()


def an_address() -> str:
    """One of 200 loopback addresses, in turn: limits count addresses, and people come from many."""
    return f"127.0.0.{next(_addresses) % 200 + 2}"


class Visitor:
    """Somebody without scripts. ``page`` is the last answer, ``code`` the withdrawal code that was shown."""

    def __init__(self, url: str) -> None:
        own = httpx.HTTPTransport(local_address=an_address())
        self.client = httpx.Client(base_url=url, timeout=PATIENCE, headers={"origin": url}, transport=own)
        self.page = self.client.get("/")
        self.token = self._token()
        self.code = ""

    def _token(self) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.page.text)
        assert found is not None, self.page.status_code
        return found[1]

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form and follow where it leads."""
        self.page = self.client.post(path, data={"token": self.token, **fields}, follow_redirects=True)
        shown = re.search(r'id="code"[^>]*>([0-9A-Z*~$=-]+)</p>', html.unescape(self.page.text))
        self.code = shown[1] if shown else self.code
        return self.page

    def go(self, text: str, until: str = "", **changed: dict[str, Any]) -> httpx.Response:
        """From the start to the page ``until`` under /give/, or the receipt."""
        for path, fields in WAY:
            step = path.rpartition("/")[2]
            if step == until:
                break
            self.post(path, **{**fields, **changed.get(step, {}), **({"text": text} if step == "text" else {})})
        return self.page

    def contribution(self) -> str:
        """The id on the page."""
        found = re.search(r"urn:uuid:[0-9a-f-]{36}", self.page.text)
        assert found is not None, (self.page.status_code, str(self.page.url))
        return found[0]

    def withdraw(self, code: str) -> httpx.Response:
        """Open by code and take back: two posts."""
        self.post("/withdraw", code=code)
        return self.post("/my/change", contribution=self.contribution(), action="withdraw")
