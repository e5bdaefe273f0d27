"""The pages of an invitation: a party of a conversation reads it, says to what they say yes, and signs, or says no.

The code of the link stands behind its ``#``, so no browser sends it with an address; without a script it is pasted.
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from consent import invitations, parties, party_receipt
from consent.desk import giving
from consent.desk import questions as q
from consent.desk.desk import Desk
from consent.desk.form import Form
from consent.desk.joining import IS_IT_YOU, NO_INVITATION, NO_JOIN_CODE, TIER_AND_USES, finish, read_yes, yes_body
from consent.desk.pages import qr
from consent.desk.routes.giving import TOKEN
from consent.desk.shield import BODY
from consent.desk.trouble import Trouble
from consent.desk.visits import Code, Guest, Visit
from consent.invitations import OPEN, Invitation
from consent.lookup import state_of
from substrate.record.canonical import parse_strict
from substrate.record.codes import write_code
from substrate.record.errors import MalformedDocument
from substrate.record.vocabulary import PURPOSES_OF_TIER, STRICTNESS
from substrate.store.errors import NotFound
from substrate.store.home import Home

#: Every page after the code, in order.
STEPS: Final = ("text", "uses", "check-1", "check-2", "check-3", "code", "answers")
_SIGNED_BYTES: Final = 128 * 1024


def join_routes(desk: Desk) -> APIRouter:
    """The routes of this part."""
    router = APIRouter(include_in_schema=False)

    @router.get("/join")
    def enter(request: Request) -> Response:
        return desk.page(request, "join.html", error="")

    @router.post("/join")
    def open_invitation(request: Request) -> Response:
        return _open(desk, request, desk.form(request))

    @router.post("/join/prepare")
    def prepare(request: Request) -> Response:
        desk.check_token(request, request.headers.get(TOKEN, ""))
        visit, guest = _guest(desk, request)
        with visit.lock:
            return _prepare(desk, request, guest)

    @router.post("/join/signed")
    def signed(request: Request) -> Response:
        desk.check_token(request, request.headers.get(TOKEN, ""))
        visit, guest = _guest(desk, request)
        with visit.lock:
            return _signed(desk, request, visit, guest)

    @router.get("/join/receipt")
    def receipt(request: Request) -> Response:
        return _receipt(desk, request)

    @router.get("/join/receipt.json")
    def receipt_file(request: Request) -> Response:
        visit = desk.visit(request)
        if visit is None or visit.joined is None:
            raise Trouble(409)
        return party_file(desk, *visit.joined)

    @router.get("/join/{step}")
    def show(request: Request, step: str) -> Response:
        if step not in STEPS:
            raise Trouble(404)
        visit, guest = _guest(desk, request)
        with visit.lock:
            return _elsewhere(desk, guest, step) or _show(desk, request, guest, step)

    @router.post("/join/{step}")
    def answer(request: Request, step: str) -> Response:
        if step not in STEPS:
            raise Trouble(404)
        form = desk.form(request)
        visit = desk.visit(request)
        if step == "answers" and visit is not None and visit.guest is None and visit.joined:
            return desk.to("/join/receipt")  # Sent twice: it was given the first time.
        visit, guest = _guest(desk, request)
        with visit.lock:
            return _elsewhere(desk, guest, step) or _take(desk, request, visit, guest, step, form)

    return router


def party_file(desk: Desk, contribution: str, key: str) -> Response:
    """A party's receipt as a download."""
    with desk.home() as home:
        try:
            raw = party_receipt.issue(home, contribution, key, desk.around.now())
        except NotFound:
            raise Trouble(409) from None
    head = {"content-disposition": 'attachment; filename="receipt-talk.json"'}
    return Response(raw, media_type="application/json", headers=head)


def _guest(desk: Desk, request: Request) -> tuple[Visit, Guest]:
    visit = desk.visit(request)
    if visit is None or visit.guest is None:
        raise Trouble(409)
    return visit, visit.guest


def _answered(step: str, guest: Guest) -> bool:
    return bool(guest.code.withdrawal) if step == "code" else step in guest.answers


def _elsewhere(desk: Desk, guest: Guest, step: str) -> Response | None:
    """Where to go instead, when a page before this one still needs an answer."""
    missing = next((one for one in STEPS[: STEPS.index(step)] if not _answered(one, guest)), None)
    return None if missing is None else desk.to(f"/join/{missing}")


def _next(desk: Desk, guest: Guest) -> Response:
    return desk.to(f"/join/{next((one for one in STEPS if not _answered(one, guest)), 'answers')}")


def _place(step: str) -> dict[str, Any]:
    place = STEPS.index(step)
    return {
        "step": step,
        "number": place + 1,
        "of": len(STEPS),
        "before": f"/join/{STEPS[place - 1]}" if place else "/join",
        "base": "/join",
    }


def _open(desk: Desk, request: Request, form: Form) -> Response:
    """Wrong codes are counted as those of the withdrawal page are."""
    client = desk.client(request)
    if desk.wrong_codes.full(client):
        raise Trouble(429)
    typed = form.one("code")[:200].strip().rpartition("#")[2]
    with desk.home() as home:
        try:
            found = invitations.find(home, typed)
            if found.answer != OPEN or _gone(home, found):
                raise NotFound("nobody waits for it")
        except (MalformedDocument, NotFound) as error:
            desk.wrong_codes.add(client)
            words = NO_JOIN_CODE if isinstance(error, MalformedDocument) else NO_INVITATION
            return desk.page(request, "join.html", error=words, status=422)
    visit = desk.begin(request)
    visit.guest = Guest(found.box.box, found.contribution, found.label)
    return desk.to("/join/text")


def _gone(home: Home, invitation: Invitation) -> bool:
    state = state_of(home, home.roles(), invitation.contribution)
    return state.withdrawn or state.erased


def _show(
    desk: Desk, request: Request, guest: Guest, step: str,
    *, error: str = "", typed: Any = None, why: str = "", status: int = 200,
) -> Response:  # fmt: skip
    chosen = typed if typed is not None else guest.answers.get(step)
    common: dict[str, Any] = {"error": error, "why": why, "chosen": chosen, "status": status, **_place(step)}
    if step.startswith("check"):
        return desk.page(request, "question.html", question=q.SIMPLE[step], **common)
    if step == "code":
        return _code(desk, request, guest, common)
    with desk.home() as home:
        try:
            state = state_of(home, home.roles(), guest.contribution)
            kept = home.vault.get(guest.contribution).text.decode("utf-8")
        except NotFound:
            raise Trouble(409) from None
        notice = giving.notice_for(home.roles(), desk.language(request).code).body
        guest.notice = notice["version"]
        charter = home.roles().charter.body
    shown: dict[str, Any] = {"kept": kept, "label": guest.label, "notice": notice, "charter": charter}
    if step == "text":
        return desk.page(request, "join-text.html", **shown, **common)
    if step == "uses":
        tiers = [q.TIERS[one] for one in STRICTNESS[STRICTNESS.index(state.tier) :] if one != "federated"]
        purposes = [q.PURPOSES[one] for one in q.PURPOSES if one in state.purposes]
        return desk.page(request, "join-uses.html", tiers=tiers, purposes=purposes, **common)
    return desk.page(
        request, "join-answers.html", q=q, uses=guest.answers["uses"], by_browser=guest.code.by_browser,
        **shown, **common,
    )  # fmt: skip


def _code(desk: Desk, request: Request, guest: Guest, common: dict[str, Any]) -> Response:
    if not guest.code.withdrawal and guest.code.secret is None:
        guest.code = giving.make_code()
    shown = "" if guest.code.secret is None else write_code(guest.code.secret)
    return desk.page(
        request, "code.html", code=shown, picture=qr(shown) if shown else "", kept_before=bool(guest.code.withdrawal),
        site_address=desk.site.origin, **common,
    )  # fmt: skip


def _take(desk: Desk, request: Request, visit: Visit, guest: Guest, step: str, form: Form) -> Response:
    if form.one("decision") == "no":
        return _refuse(desk, visit, guest)
    if step == "answers":
        return _give(desk, request, visit, guest)
    if step == "code":
        return _keep_code(desk, request, guest, form)
    if step == "text":
        if form.one("me") != "yes":
            return _show(desk, request, guest, step, error=IS_IT_YOU, status=422)
        guest.answers["text"] = True
        return _next(desk, guest)
    if step == "uses":
        return _uses(desk, request, guest, form)
    value, question = form.one("answer"), q.SIMPLE[step]
    if value not in {choice.value for choice in question.choices}:
        return _show(desk, request, guest, step, error=question.error, status=422)
    if value != q.RIGHT[step]:
        return _show(desk, request, guest, step, error=q.NOT_QUITE, typed=value, why=q.WHY[step], status=422)
    guest.answers[step] = value
    return _next(desk, guest)


def _uses(desk: Desk, request: Request, guest: Guest, form: Form) -> Response:
    with desk.home() as home:
        state = state_of(home, home.roles(), guest.contribution)
    tier, rest = form.one("tier"), form.one("rest")
    purposes = [one for one in form.many("purpose") if one in state.purposes]
    allowed: Sequence[str] = STRICTNESS[STRICTNESS.index(state.tier) : STRICTNESS.index("federated")]
    fitting = [one for one in purposes if tier in allowed and one in PURPOSES_OF_TIER[tier]]  # type: ignore[index]
    guest.body = None
    if tier not in allowed or not fitting or rest not in ("yes", "no"):
        typed = {"tier": tier, "purposes": purposes, "rest": rest}
        return _show(desk, request, guest, "uses", error=TIER_AND_USES, typed=typed, status=422)
    guest.answers["uses"] = {"tier": tier, "purposes": fitting, "rest": rest}
    return _next(desk, guest)


def _keep_code(desk: Desk, request: Request, guest: Guest, form: Form) -> Response:
    if form.one("action") == "new":
        guest.code, guest.body = Code(), None
        return desk.to("/join/code")
    if guest.code.withdrawal:
        return _next(desk, guest)
    if form.one("kept") != "yes":
        return _show(desk, request, guest, "code", error=q.KEEP_CODE, status=422)
    made = form.one("made")
    try:
        if made:
            guest.code = giving.browser_code(made)
        elif guest.code.secret is not None:
            guest.code = giving.keep_code(guest.code)
        else:
            return desk.to("/join/code")
    except MalformedDocument:
        raise Trouble(400) from None
    return _next(desk, guest)


def _refuse(desk: Desk, visit: Visit, guest: Guest) -> Response:
    """The answer is kept sealed, so that the link opens the text no more; nobody is told."""
    with desk.home() as home:
        try:
            found = invitations.again(home, guest.box)
            if found.answer == OPEN:
                invitations.refuse(home, found)
        except NotFound:
            pass  # The talk is gone: that is a no as well.
    visit.guest = None
    return desk.to("/stop/no")


def _give(desk: Desk, request: Request, visit: Visit, guest: Guest) -> Response:
    assert guest.code.signer is not None  # noqa: S101 (the page of the code made it)
    time = desk.around.now()
    with desk.home() as home:
        body = yes_body(desk, request, home, guest, None, time)
        finish(desk, home, visit, guest, parties.sign_assisted(home, body, guest.code.signer, time))
    return desk.to("/join/receipt")


def _prepare(desk: Desk, request: Request, guest: Guest) -> Response:
    """What a browser is to sign, with what it needs to check that it is about the text that is shown."""
    key = _json(request).get("key")
    if not isinstance(key, str) or _elsewhere(desk, guest, "answers") is not None:
        raise Trouble(400)
    time = desk.around.now()
    with desk.home() as home:
        guest.body = yes_body(desk, request, home, guest, key, time)
        salt = home.vault.get(guest.contribution).salt
    guest.challenge, guest.time = secrets.token_hex(16), time
    return JSONResponse(
        {
            "record": guest.body,
            "salt": salt.hex(),
            "domain": desk.site.host,
            "challenge": guest.challenge,
            "created": time,
        }
    )


def _signed(desk: Desk, request: Request, visit: Visit, guest: Guest) -> Response:
    body, guest.body = guest.body, None  # A challenge counts once.
    if body is None:
        raise Trouble(409)
    document = read_yes(_json(request), body, guest.challenge, desk.site)
    with desk.home() as home:
        finish(desk, home, visit, guest, document)
    return JSONResponse({"location": "/join/receipt"})


def _receipt(desk: Desk, request: Request) -> Response:
    visit = desk.visit(request)
    if visit is None or visit.joined is None:
        raise Trouble(409)
    contribution, key = visit.joined
    with desk.home() as home:
        try:
            said = parties.own_words(home, contribution, key)
        except NotFound:
            raise Trouble(409) from None
        state = state_of(home, home.roles(), contribution)
    waits = state.parties_given < state.parties_required
    return desk.page(
        request, "join-receipt.html", said=said, state=state, waits=waits, labels=q, site_address=desk.site.origin
    )


def _json(request: Request) -> dict[str, Any]:
    try:
        return parse_strict(request.scope[BODY], max_bytes=_SIGNED_BYTES)
    except MalformedDocument:
        raise Trouble(400) from None
