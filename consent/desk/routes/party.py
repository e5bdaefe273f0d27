"""What a party of a conversation sees and changes by their code: not the record of whoever gave it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from consent import parties
from consent.change import NotNarrower
from consent.desk import questions as q
from consent.desk.desk import Desk
from consent.desk.form import Form
from consent.desk.own import narrow_as_asked, state_here
from consent.desk.routes.join import party_file
from consent.desk.trouble import Trouble
from consent.desk.visits import Visit
from substrate.record.errors import NoAuthority
from substrate.store.errors import NotFound


def party_routes(desk: Desk) -> APIRouter:
    """The routes of this part."""
    router = APIRouter(include_in_schema=False)

    @router.post("/my/party")
    def change_as_party(request: Request) -> Response:
        form = desk.form(request)
        visit = desk.visit(request)
        if visit is None or visit.voice is None or visit.voice.authority != "party":
            raise Trouble(409)
        with visit.lock:
            return _change_as_party(desk, request, visit, form)

    return router


def party_page(
    desk: Desk, request: Request, visit: Visit, *, error: str = "", status: int = 200, done: str = ""
) -> Response:  # fmt: skip
    """What a party sees: their own words of consent and the state; not the record of whoever gave."""
    (contribution,), voice = visit.opened, visit.voice
    assert voice is not None  # noqa: S101 (the page is opened by a code)
    with desk.home() as home:
        state = state_here(home, contribution)
        try:
            said = parties.own_words(home, contribution, voice.signer.did)
        except NotFound:
            said = {}
        back = parties.has_taken_back(home, contribution, voice.signer.did)
        rest = parties.rest_may_stay(home, contribution, voice.signer.did)
    live = state.word in ("given", "held", "moderated") and not back
    return desk.page(
        request, "party.html", state=state, said=said, live=live, rest=rest, labels=q, error=error, status=status,
        done=done, purposes=[q.PURPOSES[one] for one in state.purposes],
    )  # fmt: skip


def _change_as_party(desk: Desk, request: Request, visit: Visit, form: Form) -> Response:
    (contribution,), voice, action = visit.opened, visit.voice, form.one("action")
    assert voice is not None  # noqa: S101 (the caller asked)
    if action == "receipt":
        return party_file(desk, contribution, voice.signer.did)
    done = "less"
    with desk.home() as home:
        try:
            if action == "withdraw":
                done = "turns" if parties.take_back(home, contribution, voice, desk.around.now()) else "whole"
            elif action == "narrow":
                narrow_as_asked(home, contribution, voice, desk.around.now(), form)
            else:
                raise Trouble(400)
        except NotNarrower:
            return party_page(desk, request, visit, error=q.NOT_LESS, status=422)
        except (NoAuthority, NotFound):
            raise Trouble(409) from None
    return party_page(desk, request, visit, done=done)
