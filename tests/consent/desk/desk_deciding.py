"""The way through the pages of deciding together, for whoever looks at each of them: the tests, and the pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
from desk_browser import Talker

from consent.desk.staff.accounts import add, find, signer_of
from consent.keycare import change_charter
from lecs_pipeline.proposing import close_epoch, propose
from substrate.store.home import open_home

PASSWORD = "four words of mine"
PROPOSAL = """
scope: inclusion
title: More vouches in a year
text: |
  Five are few. Who keeps a library knows more people than that.
parameters: {vouches-per-year: 9}
"""
#: Told each page as it comes, with a name for it.
See = Callable[[Any, str], None]


def chambers(path: Path, folder: Path, time: str) -> str:
    """A member ``mia``, chambers that enact, an epoch that was closed, and a proposal; its digest."""
    with open_home(path) as home:
        mia = signer_of(home, add(home, "mia", "member", PASSWORD, time)).did
        change_charter(home, time, [{"role": "member", "key": mia}], [], {"enactment": "chambers"})
    close_epoch(path, None)
    (folder / "proposal.yaml").write_text(PROPOSAL, "utf-8")
    return str(propose(path, folder / "proposal.yaml", None, "")["proposal"])


def decide(browser: Any, url: str, path: Path, proposal: str, seconds: int, see: See, **screen: Any) -> Talker:
    """A visitor reads; a member stumbles, votes, looks at their credit and opens a dispute. The member's browser."""
    place = f"/govern/{proposal}"
    visitor = Talker(browser, url, **screen)
    for address, name in (("/govern", "govern"), (place, "proposal"), ("/govern/figures", "govern-figures")):
        visitor.open(address)
        see(visitor.page, name)
    mia = Talker(browser, url, **screen)
    _log_in(mia, path, seconds)
    see(mia.page, "govern-member")
    mia.open(place)
    mia.press("Vote")
    mia.page.locator(".wrong").first.wait_for()
    see(mia.page, "vote-missing")
    mia.page.get_by_label("Yes", exact=True).check()
    mia.press("Vote")
    see(mia.page, "vote")
    mia.open("/desk/credits")
    see(mia.page, "credits")
    mia.open("/desk/dispute")
    see(mia.page, "dispute")
    mia.press("Open the dispute")
    mia.page.locator(".wrong").first.wait_for()
    see(mia.page, "dispute-missing")
    mia.page.get_by_role("radio").first.check()
    with open_home(path) as home:
        mia.page.locator("#respondent").fill(home.node.did)
    mia.page.locator("#reason").fill("The check read another text.")
    mia.press("Open the dispute")
    see(mia.page, "disputes")
    return mia


def _log_in(mia: Talker, path: Path, seconds: int) -> None:
    """With the oldest code that still counts: each counts once, and the next browser needs one too."""
    with open_home(path) as home:
        account = find(home, "mia")
    assert account is not None
    oldest = 30 * max(seconds // 30 - 1, account.used + 1)
    mia.log_in("mia", PASSWORD, pyotp.TOTP(account.totp).at(oldest))
