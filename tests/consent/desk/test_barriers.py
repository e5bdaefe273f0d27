"""Every way through the desk, at two widths, dark, and in forced colours: no barrier on any page, errors included."""

from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
from desk_browser import (
    CHROMIUM,
    EDGELESS,
    PALE,
    SCREENS,
    VALUES,
    WAYS,
    Live,
    Reader,
    axe_source,
    barriers_of,
)  # fmt: skip

pytestmark = [
    pytest.mark.browser, pytest.mark.long, pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
]  # fmt: skip


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("way", WAYS)
def test_no_way_has_a_barrier(chromium: Any, live: Live, way: str, screen: str) -> None:
    """Nothing that axe-core complains about, and nothing that has to be scrolled sideways."""
    source, found, wide = axe_source(), [], []
    seen: set[str] = set()

    def look(page: Any) -> None:
        state = f"{page.url.removeprefix(live.url)} {page.locator('.wrong').count()} {page.locator('.done').count()}"
        if state not in seen:
            seen.add(state)
            found.extend([(state, one) for one in barriers_of(page, source)])
            if page.evaluate("document.documentElement.scrollWidth") > SCREENS[screen]["viewport"]["width"]:
                wide.append(state)

    WAYS[way](Reader(chromium, live.url, look, bypass_csp=True, **SCREENS[screen]))
    assert found == []
    assert wide == []
    assert seen


@pytest.mark.parametrize("way", ["giving", "around"])
def test_in_forced_colours_everything_has_an_edge(chromium: Any, live: Live, way: str) -> None:
    """Colours of one's own system: controls keep an edge, bars stay visible, and there is no barrier."""
    source, found = axe_source(), []

    def look(page: Any) -> None:
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        place = page.url.removeprefix(live.url)
        found.extend([(place, one) for one in page.evaluate(EDGELESS)])
        found.extend([(place, one) for one in barriers_of(page, source, contrast=False)])
        assert page.evaluate(PALE) == 0

    WAYS[way](Reader(chromium, live.url, look, bypass_csp=True, forced_colors="active"))
    assert found == []


def test_the_measure_finds_a_barrier_and_a_missing_edge(chromium: Any, live: Live) -> None:
    reader = Reader(chromium, live.url, bypass_csp=True, forced_colors="active")
    reader.open("/")
    reader.page.evaluate(
        "document.querySelector('main').innerHTML = '<img src=x><button style=\"border:0\">x</button>'"
    )
    assert "image-alt" in [rule for rule, _ in barriers_of(reader.page, axe_source())]
    assert reader.page.evaluate(EDGELESS)


def test_the_whole_flow_goes_by_keyboard_alone(chromium: Any, live: Live) -> None:
    """From the start to the receipt with keys alone: no pointer, and where the focus is can always be seen."""
    reader = Reader(chromium, live.url)
    page, keys = reader.page, reader.page.keyboard
    reader.open("/")
    _tab_to(page, "main form button")
    keys.press("Enter")
    page.wait_for_url("**/give/adult")
    while not page.url.endswith("/give/receipt"):
        here = page.url
        _answer(page, here.rpartition("/")[2])
        page.wait_for_url(lambda url, here=here: url != here)
    assert reader.complaints == []


def _answer(page: Any, step: str) -> None:
    keys = page.keyboard
    if step == "about":
        _tab_to(page, "#language")
        keys.type("Espa")
    elif step == "text":
        _tab_to(page, "#text")
        keys.type("Mi vecina horneaba pan cada domingo.")
    elif step in ("preview", "code"):
        if step == "code":
            page.wait_for_function("document.getElementById('made').value !== ''")
        _tab_to(page, "input[type=checkbox]")
        keys.press("Space")
    elif step != "answers":
        wanted = VALUES[step]
        boxes = page.locator("input[type=checkbox][name=answer]").count()
        _tab_to(page, f"input[value='{wanted}']" if boxes else "input[name=answer]")
        while page.evaluate("document.activeElement.value") != wanted:
            keys.press("ArrowDown")
        if not page.evaluate("document.activeElement.checked"):
            keys.press("Space")
    _tab_to(page, "button[value=give]" if step == "answers" else LAST_BUTTON)
    keys.press("Enter")


#: The button that goes on: the last of its form that is not about something else.
LAST_BUTTON = "main form:last-of-type button:not(.quiet, .second), main form button:not([name]):not(.quiet, .second)"


def _tab_to(page: Any, selector: str) -> None:
    """Press Tab until this has the focus; every stop on the way has to be seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "(s) => { const e = document.activeElement, r = e.getBoundingClientRect(), c = getComputedStyle(e);"
            " return [e.matches(s), c.outlineStyle !== 'none' || e.matches('body, html'), r.width * r.height > 0]; }",
            selector,
        )
        assert found[1], page.evaluate("document.activeElement.outerHTML")
        if found[0]:
            assert found[2]
            return
    raise AssertionError(f"the keyboard does not come to {selector} on {page.url}")
