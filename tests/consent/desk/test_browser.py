"""The desk in a real browser: Chromium through Playwright's core, with and without scripts, at two widths.

Every page that a person can come to is looked at by axe-core (WCAG 2.0 to 2.2, A and AA, and best practice).
"""

import json
from pathlib import Path
from typing import Any

import pytest
from desk_browser import CHROMIUM, Live, Reader, axe_source, barriers_of

from consent.bundle import verify_bundle
from consent.lookup import all_states, record_of
from substrate.store.home import open_home

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")]


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


@pytest.mark.long  # Row 1 of `make prove ISSUE=7`.
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


@pytest.mark.long  # Rows 1 and 2 of `make prove ISSUE=7`.
@pytest.mark.parametrize("options", [{"viewport": {"width": 320, "height": 640}}, {
    "viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}], ids=["narrow", "wide and dark"])  # fmt: skip
def test_no_page_has_a_barrier(chromium: Any, live: Live, options: dict[str, Any]) -> None:
    """Every page of the flow, its errors, and all pages around it: nothing that axe-core complains about."""
    source = axe_source()
    seen: dict[str, int] = {}
    barriers: list[Any] = []

    def look(page: Any) -> None:
        place = page.url.removeprefix(live.url)
        key = f"{place} {page.locator('.wrong').count()}"
        if key in seen:
            return
        barriers.extend([(place, one) for one in barriers_of(page, source)])
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
