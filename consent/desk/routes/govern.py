"""The pages on which people decide together: proposals, votes, credit, disputes, figures. No script is needed."""

import threading
import time
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from consent.desk import govern_words as w
from consent.desk.governing import Governing
from consent.desk.staff.door import Door, Member
from consent.desk.trouble import Trouble
from substrate.store.home import Home

_LONGEST_REASON: Final = 500
_DISPUTE: Final = ("about", "respondent", "reason")
#: Public figures are counted at most once in so many seconds.
_FRESH: Final = 60.0


def govern_routes(door: Door) -> APIRouter:
    """The routes of this part; a desk without governance answers as if they were not there."""
    desk = door.desk
    router = APIRouter(include_in_schema=False)
    kept = _Kept(door)

    @router.get("/govern")
    def list_(request: Request) -> Response:
        govern = _governing(door)
        with desk.home() as home:
            found, member = govern.proposals(home), _visitor(door, request, home)
            chambers = home.roles().charter.body["enactment"] == "chambers"
        return desk.page(request, "govern.html", proposals=found, member=member, chambers=chambers, w=w)

    @router.get("/govern/figures")
    def figures(request: Request) -> Response:
        return desk.page(request, "govern-figures.html", figures=kept.figures(_governing(door)), w=w)

    @router.get("/govern/{proposal}")
    def show(request: Request, proposal: str) -> Response:
        with desk.home() as home:
            return _proposal(door, request, home, proposal)

    @router.post("/govern/{proposal}")
    def vote(request: Request, proposal: str) -> Response:
        govern = _governing(door)
        with desk.home() as home:
            member, form = door.form_of_anybody(request, home)
            choice = form.one("choice")
            if choice not in w.CHOICES:
                return _proposal(door, request, home, proposal, error=w.CHOOSE, status=422)
            if govern.proposal(home, proposal) is None:
                raise Trouble(404)
            refused = govern.vote(home, proposal, member.signer, choice)
            if refused:
                door.note(home, "vote-refused", member.account.name)
                why = w.CLOSED if refused == "closed" else w.NO_MEMBER
                return _proposal(door, request, home, proposal, error=why, status=409)
            door.note(home, "voted", member.account.name)
        return desk.to(f"/govern/{proposal}")

    @router.get("/desk/credits")
    def credits(request: Request) -> Response:
        govern = _governing(door)
        with desk.home() as home:
            member = door.member(request, home)
            account = govern.credits(home, member.signer.did)
        return desk.page(request, "govern-credits.html", member=member, account=account, w=w)

    @router.get("/desk/dispute")
    def ask_dispute(request: Request) -> Response:
        _governing(door)
        with desk.home() as home:
            member = door.member(request, home)
        nothing = dict.fromkeys(_DISPUTE, "")
        return desk.page(request, "govern-dispute.html", member=member, error="", typed=nothing, w=w)

    @router.post("/desk/dispute")
    def open_dispute(request: Request) -> Response:
        govern = _governing(door)
        with desk.home() as home:
            member, form = door.form_of_anybody(request, home)
            typed = {name: form.one(name).strip() for name in _DISPUTE}
            whole = typed["about"] in w.ABOUT and typed["respondent"] and 0 < len(typed["reason"]) <= _LONGEST_REASON
            refused = govern.dispute(home, member.signer, **typed) if whole else "malformed"
            if refused:
                error = w.NO_MEMBER if refused == "no-member" else w.SAY_ALL
                return desk.page(
                    request, "govern-dispute.html", member=member, error=error, typed=typed, w=w, status=422
                )
            door.note(home, "dispute-opened", member.account.name)
        return desk.to("/govern/figures")

    return router


def _governing(door: Door) -> Governing:
    found = door.desk.around.govern
    if found is None:
        raise Trouble(404)
    return found


def _visitor(door: Door, request: Request, home: Home) -> Member | None:
    """Who looks at a page that is for everyone: somebody who is logged in, or nobody."""
    try:
        return door.member(request, home)
    except Trouble:
        return None


def _proposal(
    door: Door, request: Request, home: Home, digest: str, *, error: str = "", status: int = 200
) -> Response:  # fmt: skip
    govern, member = _governing(door), _visitor(door, request, home)
    found = govern.proposal(home, digest)
    if found is None:
        raise Trouble(404)
    said = govern.choice(home, digest, member.signer.did) if member else ""
    return door.desk.page(
        request, "govern-proposal.html", proposal=found, member=member, said=said, error=error, status=status, w=w
    )


class _Kept:
    """However many people look, figures are counted once a minute."""

    def __init__(self, door: Door) -> None:
        self._door, self._lock = door, threading.Lock()
        self._found: tuple[float, dict[str, Any]] | None = None

    def figures(self, govern: Governing) -> dict[str, Any]:
        with self._lock:
            if self._found is None or time.monotonic() - self._found[0] > _FRESH:
                with self._door.desk.home() as home:
                    self._found = time.monotonic(), govern.figures(home)
            return self._found[1]
