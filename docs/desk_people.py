"""Pictures of the desk where several people meet: a talk by invitation, a report, and what moderators see."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
from desk_browser import TEXT, Reader, Talker

from consent.desk.staff.accounts import accounts, add, find, signer_of
from consent.keycare import change_charter
from lecs_pipeline.clock import now
from substrate.store.home import open_home

TALK = (
    "A: Good morning. Did you bake bread for the fair?\n"
    "B: Yes, three loaves with seeds, and one for the crows.\n"
    "A: Then we can eat on the way."
)
PASSWORD = "four words of mine"  # noqa: S105 (of a home that lasts for some minutes)
#: Questions and code are as on the way of whoever gives.
_NAMES_OF_JOINING = {
    "/join": "join", **{f"/join/{page}": f"join-{page}" for page in ("text", "uses", "answers", "receipt")},
}  # fmt: skip
Take = Callable[[Any, str], None]


def staffed(path: Path) -> None:
    """Accounts for a steward and two moderators, whom the charter names; two votes, and a second reader."""
    with open_home(path) as home:
        for name, role in (("ada", "steward"), ("ben", "moderator"), ("cleo", "moderator")):
            add(home, name, role, PASSWORD, now())
        keys = [signer_of(home, account).did for account in accounts(home) if account.role == "moderator"]
        named = [{"role": "moderator", "key": key} for key in keys]
        change_charter(home, now(), named, [], {"panel": 2, "secondReader": True})


def a_talk(browser: Any, url: str, take: Take, **screen: Any) -> None:
    """One gives a talk and gets a link; the other follows it, says yes, and opens what they said."""

    def look(page: Any) -> None:
        take(page, {"/give/parties": "parties", "/give/receipt": "links"}.get(page.url.removeprefix(url), ""))

    def look_as_guest(page: Any) -> None:
        place = page.url.removeprefix(url).partition("#")[0]
        take(page, _NAMES_OF_JOINING.get(place, ""))

    link = Talker(browser, url, look, **screen).give_talk(TALK, "en")
    guest = Talker(browser, url, look_as_guest, **screen)
    guest.open("/join")
    code = guest.join(link)
    guest.open("/my")
    guest.page.locator("#code").fill(code)
    guest.press("Open")
    take(guest.page, "my-talk")


def a_report(browser: Any, url: str, take: Take, **screen: Any) -> None:
    """A person finds themselves in a text."""
    person = Talker(browser, url, **screen)
    person.open("/report")
    person.page.locator("#words").fill("three loaves with seeds")
    person.press("Send it")
    take(person.page, "report-sent")


def behind_the_login(browser: Any, url: str, path: Path, take: Take, **screen: Any) -> None:
    """What waits, a report and its text, a decision with its votes, a text to read, the trail, one's own account."""
    Reader(browser, url, **screen).give_in("en", TEXT, spoken="es")
    ada = Talker(browser, url, **screen)
    ada.open("/desk/login")
    take(ada.page, "login")
    _log_in(ada, path, "ada")
    take(ada.page, "queue")
    ada.page.get_by_role("link", name="A person says that a text is about them").first.click()
    ada.press("Find")
    take(ada.page, "staff-report")
    ada.press("It is this one")
    take(ada.page, "case")
    ben = Talker(browser, url, **screen)
    _log_in(ben, path, "ben")
    ben.open(ada.page.url.removeprefix(url))
    ben.page.get_by_label("Set aside").check()
    ben.page.get_by_label("It tells of a person who was not asked").check()
    ben.page.locator("#statement").fill("The baker was not asked. We write to both and wait.")
    ben.press("Sign it")
    take(ben.page, "decision")
    ada.open("/desk")
    ada.page.get_by_role("link", name="A text waits for a person to read it").first.click()
    ada.press("Open the text")
    take(ada.page, "staff-text")
    ada.open("/desk/trail")
    take(ada.page, "trail")
    ada.open("/desk/me")
    take(ada.page, "me")


def _log_in(person: Talker, path: Path, name: str) -> None:
    with open_home(path) as home:
        account = find(home, name)
    assert account is not None  # noqa: S101 (made by `staffed`)
    person.log_in(name, PASSWORD, pyotp.TOTP(account.totp).now())
