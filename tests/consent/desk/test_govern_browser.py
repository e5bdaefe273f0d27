"""Deciding together in a real browser: each page at two widths, dark, and in forced colours, and by keyboard."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
from desk_browser import CHROMIUM, EDGELESS, PALE, SCREENS, Live, axe_source, barriers_of
from desk_deciding import chambers, decide

from consent.desk.site import Surroundings
from lecs_pipeline.desk_governing import DeskGoverning
from substrate.store.home import open_home

pytestmark = [
    pytest.mark.browser, pytest.mark.long, pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
]  # fmt: skip
TIME, SECONDS = "2026-11-22T10:00:00Z", 1795341600
PAGES = {
    "govern", "proposal", "govern-figures", "govern-member", "vote-missing", "vote", "credits", "dispute",
    "dispute-missing", "disputes",
}  # fmt: skip


@pytest.fixture
def deciding(
    founded: Path, tmp_path: Path, surroundings_of_module: Callable[[Path], Surroundings]
) -> Iterator[tuple[Live, str]]:
    """A desk with chambers, and the proposal that waits there."""
    path = Path(shutil.copytree(founded, tmp_path / "home"))
    proposal = chambers(path, tmp_path, TIME)
    desk = Live(replace(surroundings_of_module(path), govern=DeskGoverning()))
    yield desk, proposal
    desk.stop()


@pytest.mark.parametrize("screen", SCREENS)
def test_no_page_has_a_barrier(chromium: Any, deciding: tuple[Live, str], screen: str) -> None:
    """Nothing that axe-core complains about, nothing to scroll sideways, and the vote is there in the end."""
    live, proposal = deciding
    source, found, wide, seen = axe_source(), [], [], set[str]()

    def see(page: Any, name: str) -> None:
        seen.add(name)
        found.extend([(name, one) for one in barriers_of(page, source)])
        if page.evaluate("document.documentElement.scrollWidth") > SCREENS[screen]["viewport"]["width"]:
            wide.append(name)

    mia = decide(chromium, live.url, live.path, proposal, SECONDS, see, bypass_csp=True, **SCREENS[screen])
    assert (found, wide, seen) == ([], [], PAGES)
    assert mia.complaints == []
    with open_home(live.path) as home:
        assert len(list(home.ledger.documents(kinds=["VoteCommitment", "DisputeOpened"]))) == 2


def test_in_forced_colours_everything_has_an_edge(chromium: Any, deciding: tuple[Live, str]) -> None:
    live, proposal = deciding
    source, found = axe_source(), []

    def see(page: Any, name: str) -> None:
        found.extend([(name, one) for one in page.evaluate(EDGELESS)])
        found.extend([(name, one) for one in barriers_of(page, source, contrast=False)])
        assert page.evaluate(PALE) == 0

    decide(chromium, live.url, live.path, proposal, SECONDS, see, bypass_csp=True, forced_colors="active")
    assert found == []


def test_without_scripts_the_whole_way_goes_too(chromium: Any, deciding: tuple[Live, str]) -> None:
    live, proposal = deciding
    seen = set[str]()
    decide(
        chromium, live.url, live.path, proposal, SECONDS, lambda _, name: seen.add(name), java_script_enabled=False
    )  # fmt: skip
    assert seen == PAGES
