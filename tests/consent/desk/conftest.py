"""What the tests of the desk share: a small commons without models, and a person who goes through the forms.

The texts are Spanish: no validated set reads them, so no model is loaded, and the person marks what has to go.
"""

from __future__ import annotations

import html
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consent.bundle import verify_bundle
from consent.founding import CHARTER_DEFAULTS, found_commons
from consent.redaction import Redactor
from substrate.store.home import open_home

if TYPE_CHECKING:
    from desk_browser import Live
    from fastapi.testclient import TestClient

    from consent.desk.site import Published, Surroundings

sys.path.insert(0, str(Path(__file__).parent))
#: Without the desk's packages there is nothing here to collect.
collect_ignore_glob = [] if find_spec("fastapi") and find_spec("segno") else ["test_*.py"]
ORIGIN = "http://127.0.0.1:8420"
TIME = "2026-11-22T10:00:00Z"
TEXT = "Mi vecina Rosa horneaba pan cada domingo.\r\nSu correo es rosa@example.org y vive cerca del río."
KEPT = "Mi vecina <PERSON_1> horneaba pan cada domingo.\nSu correo es <EMAIL_ADDRESS_1> y vive cerca del río."
#: The answers of a person who gives TEXT; one entry per page, in order.
ANSWERS: dict[str, dict[str, Any]] = {
    "adult": {"answer": "yes"},
    "kind": {"answer": "own"},
    "rights": {"answer": "author"},
    "people": {"answer": "no"},
    "minors": {"answer": "none"},
    "sensitive": {"answer": ["none"]},
    "tier": {"answer": "public"},
    "licence": {"answer": "CC-BY-4.0"},
    "purposes": {"answer": ["train", "publish-text"]},
    "name": {"answer": "anonymous", "name": ""},
    "about": {"language": "es", "other": "", "domain": "letter"},
    "text": {"text": TEXT},
    "preview": {"action": "keep", "read": "yes"},
    "check-1": {"answer": "no"},
    "check-2": {"answer": "yes"},
    "check-3": {"answer": "new"},
    "code": {"action": "keep", "kept": "yes"},
    "answers": {"decision": "give"},
}


class Person:
    """Somebody with a browser that runs no scripts. ``client`` keeps the cookie, ``page`` the last answer."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.code = ""
        self.answers = ANSWERS
        self.page = client.get("/")
        self.clicks = 0
        self.seen: dict[str, str] = {}

    @property
    def token(self) -> str:
        """The token of the forms of this browser."""
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.page.text)
        assert found is not None, self.page.text[:300]
        return found[1]

    @property
    def place(self) -> str:
        """The address of the last page."""
        return self.page.url.path

    def open(self, path: str) -> Any:
        """Ask for a page."""
        self.page = self.client.get(path)
        return self.page

    def send(self, path: str, **fields: Any) -> Any:
        """Send a form and follow where it leads."""
        token = self.token if self.page.text.startswith("<!doctype") else self.open("/") and self.token
        self.clicks += 1
        self.page = self.client.post(path, data={"token": token, **fields})
        found = re.search(r'id="code"[^>]*>([0-9A-Z*~$=-]+)</p>', html.unescape(self.page.text))
        self.code = found[1] if found else self.code
        return self.page

    def go(self, until: str = "", **changed: dict[str, Any]) -> Any:
        """From the start to the page ``until`` (or the receipt), with these answers changed."""
        self.open("/")
        self.send("/begin")
        for step, fields in {**ANSWERS, **changed}.items():
            if step == until:
                return self.open(f"/give/{step}")
            if step == "licence" and changed.get("tier", ANSWERS["tier"])["answer"] != "public":
                continue
            self.seen[self.place] = self.page.text
            if step == "preview":
                self.send("/give/preview", action="mark", words="Rosa", label="PERSON")
            self.send(f"/give/{step}", **fields)
        return self.page

    def contribution(self) -> str:
        """The id that the page shows."""
        return re.search(r"urn:uuid:[0-9a-f-]{36}", self.page.text)[0]  # type: ignore[index]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that others are copies of. Never changed."""
    path = tmp_path_factory.mktemp("desk") / "home"
    answers = {**CHARTER_DEFAULTS, "name": "A commons of tests", "holdDays": 0}
    found_commons(path, answers, {"format": "a recipe of the tests"}, (), TIME)
    return path


@pytest.fixture
def path(founded: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    return Path(shutil.copytree(founded, tmp_path / "home"))


@pytest.fixture(scope="session")
def reader() -> Redactor:
    """A redactor without a model, which is enough for Spanish."""
    return Redactor(readers={})


@pytest.fixture
def around(path: Path, reader: Redactor) -> Surroundings:
    """The surroundings of the desk: a clock that stands still, nothing published."""
    return surroundings(path, reader)


def surroundings(path: Path, reader: Redactor, versions: tuple[Published, ...] = ()) -> Surroundings:
    """Surroundings over one home."""

    from consent.desk.site import Surroundings, Verdict

    def verify(raw: bytes) -> Verdict:
        with open_home(path) as home:
            found = verify_bundle(raw, pinned=(home.commons, home.charter), nodes=home.roles().nodes)
        return Verdict(found.problem is None, str(found.problem or ""), found.checks)

    return Surroundings(path, lambda: TIME, reader, lambda *_: [], verify, lambda *_: [], lambda _: versions)


@pytest.fixture
def client(around: Surroundings) -> TestClient:
    """A browser at a desk that is reached on loopback."""
    return browser(around)


def browser(around: Surroundings, origin: str = ORIGIN, **headers: str) -> TestClient:
    """Another browser at the desk of these surroundings."""
    from fastapi.testclient import TestClient

    from consent.desk.app import make_app
    from consent.desk.site import site_at

    app: Any = make_app(site_at(origin), around, pseudo=True)
    return TestClient(app, base_url=origin, headers={"origin": origin, **headers}, raise_server_exceptions=True)


@pytest.fixture
def person(client: TestClient) -> Person:
    """Somebody who has just opened the desk."""
    return Person(client)


@pytest.fixture(scope="session")
def make_person() -> Callable[..., Person]:
    """Makes more people, at a desk of one's choice."""
    return lambda around, origin=ORIGIN, **headers: Person(browser(around, origin, **headers))


@pytest.fixture
def surroundings_of(reader: Redactor) -> Callable[..., Surroundings]:
    """Makes surroundings of another home, or with published versions."""
    return lambda path, versions=(): surroundings(path, reader, versions)


@pytest.fixture(scope="module")
def surroundings_of_module(reader: Redactor) -> Callable[[Path], Surroundings]:
    """The same for a desk that a whole file of tests uses."""
    return lambda path: surroundings(path, reader)


@pytest.fixture(scope="module")
def live(
    founded: Path, tmp_path_factory: pytest.TempPathFactory, surroundings_of_module: Callable[[Path], Surroundings]
) -> Iterator[Live]:
    """One desk on loopback for all tests of a file."""
    from desk_browser import Live

    path = tmp_path_factory.mktemp("live") / "home"
    shutil.copytree(founded, path)
    desk = Live(surroundings_of_module(path))
    yield desk
    desk.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests of a file."""
    from desk_browser import CHROMIUM
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
