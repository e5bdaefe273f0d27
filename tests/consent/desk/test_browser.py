"""The desk in a real browser: Chromium through Playwright's core, with and without scripts, at two widths.

Every page that a person can come to is looked at by axe-core (WCAG 2.0 to 2.2, A and AA, and best practice).
"""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from consent.bundle import verify_bundle
from consent.desk.app import make_app
from consent.desk.site import Surroundings, site_at
from consent.lookup import all_states, record_of
from substrate.store.home import open_home

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe_package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")

CHROMIUM = shutil.which("chromium") or ""
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TEXT = "Mi vecina Rosa horneaba pan cada domingo.\nSu correo es rosa@example.org y vive cerca del río."
PATIENCE = 90_000


class Live:
    """A desk that answers on loopback, over a home of the test's own."""

    def __init__(self, around: Surroundings) -> None:
        import socket

        self.path = around.home
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        app: Any = make_app(site_at(self.url), around, pseudo=True)
        self.server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", http="h11")
        )
        self.thread = threading.Thread(target=lambda: self.server.run(sockets=[self.socket]), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self.server.should_exit = True
        self.thread.join(30)


@pytest.fixture(scope="module")
def live(
    founded: Path, tmp_path_factory: pytest.TempPathFactory, surroundings_of_module: Callable[[Path], Surroundings]
) -> Iterator[Live]:
    """One desk for all tests of this file."""
    path = tmp_path_factory.mktemp("live") / "home"
    shutil.copytree(founded, path)
    desk = Live(surroundings_of_module(path))
    yield desk
    desk.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests of this file."""
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Reader:
    """A person at a browser. ``look`` is called on each page they come to."""

    def __init__(self, browser: Any, url: str, look: Callable[[Any], None] = lambda _: None, **options: Any) -> None:
        context = browser.new_context(locale="en-GB", **options)
        context.set_default_timeout(PATIENCE)
        self.page, self.url, self.look = context.new_page(), url, look
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def open(self, path: str) -> None:
        """Go to an address."""
        self.page.goto(self.url + path)
        self.look(self.page)

    def press(self, label: str) -> None:
        """Press the one button of this name."""
        self.page.get_by_role("button", name=label, exact=True).click()
        self.page.wait_for_load_state()
        self.look(self.page)

    def choose(self, label: str, after: str = "Go on") -> None:
        """Tick an answer and go on."""
        self.page.get_by_label(label, exact=True).check()
        self.press(after)

    def give(self, name: str = "") -> str:
        """From the start to the receipt; returns the withdrawal code that was shown."""
        page = self.page
        self.open("/")
        self.press("Begin")
        for answer in ("Yes", "Something I wrote", "Yes, I made it", "No, only me", "No", "None of these", "Public"):
            self.choose(answer)
        self.choose("CC BY 4.0")
        page.get_by_label("To be shown").check()
        self.choose("To train models")
        if name:
            page.locator("#name").fill(name)
        self.choose("A pen name" if name else "No name")
        page.locator("#language").select_option("es")
        self.press("Go on")
        page.locator("#text").fill(TEXT)
        self.press("Show me what is kept")
        page.locator("#words").fill("Rosa")
        self.press("Take out")
        self.choose("I read all of it. What has to go is out.")
        self.choose("Yes, at once, when I take it back")
        self.choose("No. We train ours again without it, but copies of others stay as they are")
        self.choose("Yes, a model may give away parts of it")
        self.choose("Nothing new that we make holds it. Copies that are out stay out")
        if self.scripted:
            page.wait_for_function("document.getElementById('made').value !== ''")
        code = str(page.locator("#code").inner_text())
        self.choose("I wrote the code down, or saved it")
        self.press("Give my consent")
        page.wait_for_url("**/give/receipt")
        self.look(page)
        return code

    @property
    def scripted(self) -> bool:
        """Whether the page's script runs here."""
        return bool(self.page.locator("html.scripted").count())


def _receipt(reader: Reader) -> bytes:
    """The receipt file, as the browser saves it."""
    with reader.page.expect_download() as waiting:
        reader.page.get_by_role("link", name="Save the receipt file").click()
    return Path(waiting.value.path()).read_bytes()


@pytest.mark.parametrize(("scripts", "standing"), [(False, "assisted-operator"), (True, "contributor")])
def test_from_the_start_to_a_receipt_and_back(chromium: Any, live: Live, scripts: bool, standing: str) -> None:
    """The whole way: given, verified by the receipt alone, opened by the code, taken back in two clicks."""
    reader = Reader(chromium, live.url, java_script_enabled=scripts, accept_downloads=True)
    code = reader.give()
    raw = _receipt(reader)
    found = verify_bundle(raw)
    assert (found.problem, found.standing) == (None, standing)
    if scripts:
        record = json.loads(raw)["record"]
        assert record["proof"]["domain"] == live.url.removeprefix("http://")
        assert "assisted" not in record
    stranger = Reader(chromium, live.url, java_script_enabled=scripts)
    stranger.open("/withdraw")
    stranger.page.locator("#code").fill(code)
    stranger.press("Open")
    stranger.press("Take it back")
    assert "Your text is taken back" in stranger.page.locator(".done").inner_text()
    with open_home(live.path) as home:
        states = {state.contribution: state for state in all_states(home, home.roles())}
    assert states[found.contribution].word == "withdrawn"
    assert states[found.contribution].row in stranger.page.request.get(f"{live.url}/revocations.json").json()["rows"]
    assert reader.complaints == stranger.complaints == []


def test_the_key_of_a_browser_is_one_per_name_and_shows_its_texts(chromium: Any, live: Live) -> None:
    """Twice under one name: one key. The key cannot be taken out, and opens both texts without a code."""
    reader = Reader(chromium, live.url)
    before = set(_names(live))
    reader.give("Ada Byron")
    reader.give("Ada Byron")
    new = {contribution: key for contribution, key in _names(live).items() if contribution not in before}
    assert len(new) == 2
    assert len(set(new.values())) == 1
    extractable = reader.page.evaluate(
        "() => new Promise((done) => { const o = indexedDB.open('lecs-desk', 1); o.onsuccess = () => {"
        " const q = o.result.transaction('keys').objectStore('keys').getAll();"
        " q.onsuccess = () => done(q.result.map((k) => k.pair.privateKey.extractable)); }; })"
    )
    assert extractable == [False]
    reader.open("/my")
    reader.press("Show the texts of this browser")
    reader.page.wait_for_url("**/my")
    reader.page.locator("section.item").nth(1).wait_for()
    assert reader.page.locator("section.item").count() == 2
    assert reader.page.get_by_role("button", name="Take it back").count() == 0
    assert reader.complaints == []


def _names(live: Live) -> dict[str, str]:
    with open_home(live.path) as home:
        records = {c: record_of(home, c) for c in home.vault.contributions()}
    return {c: str(record["contributor"].get("key")) for c, record in records.items() if record is not None}


@pytest.mark.parametrize("options", [{"viewport": {"width": 320, "height": 640}}, {
    "viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}], ids=["narrow", "wide and dark"])  # fmt: skip
def test_no_page_has_a_barrier(chromium: Any, live: Live, options: dict[str, Any]) -> None:
    """Every page of the flow, its errors, and all pages around it: nothing that axe-core complains about."""
    source = (Path(axe_package.__file__).parent / "axe.min.js").read_text("utf-8")
    seen: dict[str, int] = {}
    barriers: list[Any] = []

    def look(page: Any) -> None:
        place = page.url.removeprefix(live.url)
        key = f"{place} {page.locator('.wrong').count()}"
        if key in seen:
            return
        page.evaluate(source)
        run = "(tags) => axe.run({runOnly: {type: 'tag', values: tags}}).then((r) => r.violations.map("
        run += "(v) => [v.id, v.nodes.map((n) => n.html.slice(0, 200))]))"
        found = page.evaluate(run, TAGS)
        barriers.extend([(place, one) for one in found])
        seen[key] = page.evaluate("document.documentElement.scrollWidth")

    reader = Reader(chromium, live.url, look, bypass_csp=True, **options)
    code = reader.give("Ada Lace")
    for path in ("/transparency", "/notice/2026-11/en", "/report", "/local", "/stop/sensitive", "/nowhere", "/my"):
        reader.open(path)
    reader.page.locator("#code").fill("no code")
    reader.press("Open")
    reader.page.locator("#code").fill(code)
    reader.press("Open")
    reader.press("Check the receipt now")
    reader.press("Take it back and destroy it")
    reader.open("/")
    reader.press("Begin")
    reader.press("Go on")
    assert barriers == []
    assert max(seen.values()) <= options["viewport"]["width"], "a page has to be scrolled sideways"
    assert len(seen) >= 30, sorted(seen)


def test_the_flow_goes_by_keyboard_alone(chromium: Any, live: Live) -> None:
    """Tab, space, arrows and Enter: the focus is always on something that can be seen."""
    reader = Reader(chromium, live.url)
    page = reader.page
    reader.open("/")
    keys = page.keyboard
    keys.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    keys.press("Enter")
    _tab_to(page, "Begin")
    keys.press("Enter")
    page.wait_for_url("**/give/adult")
    _tab_to(page, "answer-1")
    keys.press("Space")
    _tab_to(page, "Go on")
    keys.press("Enter")
    page.wait_for_url("**/give/kind")
    _tab_to(page, "answer-1")
    keys.press("ArrowDown")
    assert page.locator("#answer-2").is_checked()
    _tab_to(page, "Go on")
    keys.press("Enter")
    page.wait_for_url("**/give/rights")


def _tab_to(page: Any, wanted: str) -> None:
    """Press Tab until the element with this id or text has the focus; its outline has to be seen."""
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const e = document.activeElement, r = e.getBoundingClientRect();"
            " return [e.id, e.textContent.trim(), getComputedStyle(e).outlineStyle, r.width > 0 && r.height > 0]; }"
        )
        if wanted in found[:2]:
            assert found[2] != "none"
            assert found[3]
            return
    raise AssertionError(f"the keyboard does not come to {wanted}")
