"""The federated tier: a link at a desk for others, a choice on one's own machine, and no text in a request."""

from pathlib import Path
from typing import Any

import pytest

from consent.gate import Refused, declaration_of, eligible
from consent.lookup import record_of, state_of
from consent.survey import law_here
from substrate.store.home import open_home

WINDOW = 12
SECRET = "Zoraida sang of the flooded mill, and nobody wrote it down before tonight, so it stays in this house."


def windows(text: str, window: int = WINDOW) -> set[bytes]:
    """Every stretch of so many bytes."""
    data = text.encode()
    return {data[start : start + window] for start in range(len(data) - window + 1)}


def test_at_a_desk_for_others_it_is_a_link_and_a_crafted_form_does_not_open_it(around: Any, make_person: Any) -> None:
    """The tier is not among the answers; a form that names it all the same is asked again, and no text page comes."""
    person = make_person(around, "https://desk.example.org", **{"sec-fetch-site": "same-origin"})
    page = person.go(until="tier")
    assert 'value="federated"' not in page.text
    assert "/local" in page.text
    page = person.send("/give/tier", answer="federated")
    assert page.status_code == 422
    assert person.open("/give/text").url.path == "/give/tier"


def test_on_ones_own_machine_the_text_stays_in_the_home(person: Any, path: Path) -> None:
    """Given as federated: the gate admits it for training here, and its fact, which travels, has no word of it."""
    person.go(tier={"answer": "federated"}, purposes={"answer": ["train"]})
    contribution = person.contribution()
    with open_home(path) as home:
        roles = home.roles()
        state, record = state_of(home, roles, contribution), record_of(home, contribution)
        assert record is not None
        assert state.tier == "federated"
        verdict = eligible(state, declaration_of(record), law_here(roles), "2026-11-22T10:00:00Z", "publish-text")
        assert isinstance(verdict, Refused)
        kept = home.vault.get(contribution).text.decode()
        public = b"".join(d.raw for d in home.ledger.documents() if not d.private)
    assert [found for found in windows(kept) if found in public] == []


pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from desk_browser import CHROMIUM, VALUES, Live, Reader  # noqa: E402


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_no_request_of_a_browser_holds_a_window_of_a_text_that_stays(
    chromium: Any, founded: Path, tmp_path: Path, surroundings_of: Any
) -> None:
    """A person has the text at hand (in the browser's own store), and follows the way to the federated tier of a desk
    that others reach: address, headers and body of every request are searched. Sent to the local desk, it is found."""
    import shutil

    path = Path(shutil.copytree(founded, tmp_path / "far"))
    desk = Live(surroundings_of(path), local=False)
    sent: list[bytes] = []
    reader = Reader(chromium, desk.url)

    def note(request: Any) -> None:
        heads = "".join(f"{name}: {value}\n" for name, value in request.all_headers().items())
        sent.append(request.url.encode() + heads.encode() + (request.post_data_buffer or b""))

    reader.page.on("requestfinished", note)
    try:
        reader.open("/")
        reader.page.evaluate("(text) => sessionStorage.setItem('draft', text)", SECRET)
        reader.page.locator("main form button").first.click()
        for step in ("adult", "kind", "rights", "people", "minors", "sensitive"):
            reader.page.wait_for_url(f"**/give/{step}")
            reader.page.locator(f"input[name=answer][value='{VALUES[step]}']").check()
            reader.page.locator("main form button:not(.quiet)").last.click()
        reader.page.wait_for_url("**/give/tier")
        assert reader.page.locator("input[value=federated]").count() == 0
        reader.page.locator("a[href='/local']").first.click()
        reader.page.wait_for_url("**/local")
        assert reader.page.locator("textarea, input[type=file]").count() == 0
    finally:
        desk.stop()
    assert len(sent) > 15
    assert [found for found in windows(SECRET) if any(found in one for one in sent)] == []
    body = ("text=" + SECRET).encode()
    assert any(found in body for found in windows(SECRET)), "the search finds what is there"
