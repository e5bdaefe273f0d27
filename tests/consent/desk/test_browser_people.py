"""Conversations, moderation and reports in a real browser: a link with its code behind the #, a passkey, axe-core."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from desk_browser import CHROMIUM, Live, Talker, axe_source, barriers_of

from consent.desk.site import Surroundings
from consent.desk.staff.accounts import add, find, signer_of
from consent.keycare import change_charter
from consent.lookup import all_states
from consent.party_receipt import verify_party
from substrate.store.home import open_home

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")]

TIME, SECONDS, PASSWORD = "2026-11-22T10:00:00Z", 1795341600, "four words of mine"


@pytest.fixture(scope="module")
def live(
    founded: Path, tmp_path_factory: pytest.TempPathFactory, surroundings_of_module: Callable[[Path], Surroundings]
) -> Iterator[Live]:
    """One desk for all tests of this file, with a steward and a moderator; a second reader is asked for."""
    path = tmp_path_factory.mktemp("people") / "home"
    shutil.copytree(founded, path)
    with open_home(path) as home:
        add(home, "ada", "steward", PASSWORD, TIME)
        key = signer_of(home, add(home, "ben", "moderator", PASSWORD, TIME)).did
        change_charter(home, TIME, [{"role": "moderator", "key": key}], [], {"panel": 2, "secondReader": True})
    desk = Live(surroundings_of_module(path), host="localhost")  # Passkeys need a name.
    yield desk
    desk.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests of this file."""
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Person(Talker):
    """Somebody at this desk, whose clock stands."""

    def enter(self, path: Path, name: str) -> None:
        """Log in with the oldest code that still counts: each counts once."""
        with open_home(path) as home:
            account = find(home, name)
        assert account is not None
        oldest = 30 * max(SECONDS // 30 - 1, account.used + 1)
        self.log_in(name, PASSWORD, pyotp.TOTP(account.totp).at(oldest))


@pytest.mark.long  # Row 2 of `make prove ISSUE=7`.
def test_a_link_leads_a_party_to_a_signature_of_their_own(chromium: Any, live: Live) -> None:
    """Both sign in their browsers; the code of the link is in no request's address."""
    link = Person(chromium, live.url).give_talk()
    guest = Person(chromium, live.url, accept_downloads=True)
    guest.join(link)
    code = link.partition("#")[2]
    assert guest.page.url == f"{live.url}/join/receipt"
    assert not [url for url in guest.asked if code in url.partition("#")[0]]
    with guest.page.expect_download() as waiting:
        guest.page.get_by_role("link", name="Save the receipt file").click()
    raw = Path(waiting.value.path()).read_bytes()
    assert verify_party(raw).problem is None
    said = json.loads(raw)["coConsent"]
    assert said["proof"]["domain"] == live.url.removeprefix("http://")
    assert "assisted" not in said
    with open_home(live.path) as home:
        state = {one.contribution: one for one in all_states(home, home.roles())}[said["contribution"]]
    assert (state.parties_given, state.parties_required) == (2, 2)
    assert state.standing == "held", "a second reader is asked for"


def test_a_passkey_lets_in(chromium: Any, live: Live) -> None:
    """Made after a login with password and code, by an authenticator of the browser; removed, it lets nobody in."""
    ada = Person(chromium, live.url)
    session = ada.page.context.new_cdp_session(ada.page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True}})  # fmt: skip
    ada.enter(live.path, "ada")
    ada.open("/desk/me")
    ada.press("Add a passkey")
    ada.page.get_by_role("button", name="Remove").wait_for()
    ada.press("Log out")
    ada.press("Use a passkey")
    ada.page.wait_for_url("**/desk")
    assert "What waits" in ada.page.locator("h1").inner_text()
    ada.open("/desk/me")
    ada.page.get_by_role("button", name="Remove").click()
    ada.page.get_by_role("button", name="Remove").wait_for(state="detached")
    ada.press("Log out")
    ada.press("Use a passkey")
    ada.page.locator("#passkey-trouble").wait_for(state="visible")


@pytest.mark.long
@pytest.mark.parametrize("options", [{"viewport": {"width": 320, "height": 640}}, {
    "viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}], ids=["narrow", "wide and dark"])  # fmt: skip
def test_no_page_of_people_has_a_barrier(
    chromium: Any, founded: Path, tmp_path: Path, live: Live, options: dict[str, Any]
) -> None:
    """Invitations, the login, queue, case, text, report and trail, with their errors: nothing that axe-core minds."""
    source = axe_source()
    seen: dict[str, int] = {}
    barriers: list[Any] = []

    def look(page: Any) -> None:
        place = page.url.removeprefix(live.url).partition("#")[0]
        key = f"{place} {page.locator('.wrong').count()} {page.locator('.done').count()} {page.locator('h2').count()}"
        if key in seen:
            return
        barriers.extend([(place, one) for one in barriers_of(page, source)])
        seen[key] = page.evaluate("document.documentElement.scrollWidth")

    giver = Person(chromium, live.url, look, bypass_csp=True, **options)
    link = giver.give_talk()
    guest = Person(chromium, live.url, look, bypass_csp=True, **options)
    guest.open("/join")
    guest.press("Read it")
    guest.join(link)
    giver.open("/report")
    giver.press("Send it")
    giver.page.locator("#words").fill("tres hogazas")
    giver.press("Send it")
    ada = Person(chromium, live.url, look, bypass_csp=True, **options)
    ada.open("/desk/login")
    ada.press("Log in")
    ada.enter(live.path, "ada")
    ada.page.get_by_role("link", name="A person says that a text is about them").first.click()
    look(ada.page)
    ada.press("Find")
    ada.press("It is this one")
    ada.press("Open the text")
    ada.page.get_by_role("link", name="Back to the case").click()
    ada.press("Sign it")
    ada.page.get_by_label("Set aside").check()
    ada.page.get_by_label("It tells of a person who was not asked").check()
    ada.page.locator("#statement").fill("Somebody was not asked.")
    ada.press("Sign it")
    for path in ("/desk", "/desk/trail", "/desk/me", "/stop/no"):
        ada.open(path)
    assert barriers == []
    assert max(seen.values()) <= options["viewport"]["width"], "a page has to be scrolled sideways"
    assert len(seen) >= 40, sorted(seen)
