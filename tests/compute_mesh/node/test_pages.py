"""The status page: what it shows, who may ask for it, and that everybody can read it."""

import asyncio
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from compute_mesh.node.context import context_of
from compute_mesh.node.daemon import Node, Snapshot
from compute_mesh.node.pages import StatusPages
from compute_mesh.node.status import LedgerStatus, PeerLine
from substrate.store.home import make_keys

CHROMIUM = shutil.which("chromium") or ""
DID = "did:key:z6MkfsSgeYUYT94xUoqCBau3BnVdRS7odAyKPFtF1YBmwHGW"
FULL = Snapshot(
    DID,
    LedgerStatus("ab" * 32, 12_345, 7, (f"{DID}/0123456789abcdef",), 2, 3, 4_567_890, "admitted"),
    [
        PeerLine(DID, "admitted", "2026-11-29T10:00:00Z", 12.3, "x@192.0.2.1:4100", ("a <rule>",),
                 {"cores": 8, "memoryBytes": 16_000_000_000, "gpus": [{"name": "A GPU", "memoryBytes": 1}],
                  "memoryBandwidth": 7_400_000_000,
                  "speed": {"model": "small-1", "promptMilli": 146_200, "generationMilli": 57_250}}, True),
        PeerLine(DID, "admitted", "", None, "x@192.0.2.3:4100", (),
                 {"cores": 4, "memoryBytes": 8_000_000_000, "gpus": []}, True),
        PeerLine(DID, "pending", "", None, "x@192.0.2.2:4100", (), None, False),
    ],
    ["the cut is incomplete: <2> documents", "the clock of …x is 300 s ahead of this machine's"],
    True, "ab@192.0.2.9:4100", "The commons of <the> tests",
)  # fmt: skip


class Shown(Node):
    """A node whose state is given."""

    def __init__(self, context, now: Snapshot) -> None:
        super().__init__(context)
        self._now = now

    async def snapshot(self) -> Snapshot:
        return self._now


def ask(
    pages: StatusPages, path: str = "", host: str | None = None, method: str = "GET"
) -> tuple[int, str, dict[str, str]]:
    headers = {"Host": host} if host else {}
    request = urllib.request.Request(pages.url + path, method=method, headers=headers)  # noqa: S310 (loopback)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


def serving(home: Path, now: Snapshot | None, questions):
    """What ``questions`` (a function of the pages) returns while they are served."""
    make_keys(home, "node", "transport")

    async def run():
        context = context_of(home)
        pages = StatusPages(Shown(context, now) if now is not None else Node(context), 0)
        await pages.start()
        try:
            return await asyncio.to_thread(questions, pages)
        finally:
            await pages.stop()

    return asyncio.run(run())


def test_a_node_without_a_commons_says_so(tmp_path) -> None:
    """Keys only: the page tells what to do next."""
    status, html, _ = serving(tmp_path, None, ask)
    assert status == 200
    assert "belongs to no commons yet" in html
    assert "lecs node join" in html


def test_everything_is_shown_and_nothing_of_it_is_markup(tmp_path) -> None:
    """Names and sentences from elsewhere are text."""
    _, html, headers = serving(tmp_path, FULL, ask)
    told = ("12,345", "The commons of &lt;the&gt; tests", "incomplete: &lt;2&gt;", "pending", "12 ms", "1 GPU")
    for words in (*told, "copies 7.4 GB a second", "146 read, 57 written", "4 cores, 8.0 GB memory</td>"):
        assert words in html
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "<script" not in html


def test_metrics(tmp_path) -> None:
    """In the form that Prometheus reads."""
    _, text, headers = serving(tmp_path, FULL, lambda pages: ask(pages, "metrics"))
    assert headers["content-type"].startswith("text/plain")
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    assert (lines["lecs_documents"], lines["lecs_missing"], lines["lecs_peers"]) == ("12345.0", "2.0", "2.0")


@pytest.mark.parametrize(
    ("path", "host", "method", "status"),
    [
        ("", "evil.example:80", "GET", 421),
        ("", None, "POST", 405),
        ("other", None, "GET", 404),
        ("", None, "HEAD", 200),
    ],
)
def test_what_is_not_answered(tmp_path, path, host, method, status) -> None:
    """A page elsewhere that calls itself 127.0.0.1, anything that would change something, other paths."""
    assert serving(tmp_path, FULL, lambda pages: ask(pages, path, host, method))[0] == status


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
def test_the_page_has_no_barrier(tmp_path) -> None:
    """Nothing that axe-core complains about, wide and narrow; without scripts."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    from playwright.sync_api import sync_playwright

    source = (Path(axe.__file__).parent / "axe.min.js").read_text("utf-8")

    def look(pages: StatusPages) -> list[str]:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            found = []
            for width in (1280, 320):
                page = browser.new_page(viewport={"width": width, "height": 800}, bypass_csp=True)
                page.goto(pages.url)
                page.screenshot(path=str(tmp_path / f"{width}.png"), full_page=True)
                page.evaluate(source)
                found += page.evaluate("() => axe.run().then(r => r.violations.map(v => v.id + ': ' + v.help))")
                found += (
                    ["wider than the screen"] if page.evaluate("document.documentElement.scrollWidth") > width else []
                )
            browser.close()
            return found

    assert serving(tmp_path / "home", FULL, look) == []
