"""The pages at the end of giving: withdrawal code, check of all answers, signature, receipt."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from consent.bundle import issue_bundle
from consent.desk import flow, giving
from consent.desk import questions as q
from consent.desk.desk import Desk
from consent.desk.form import Form
from consent.desk.pages import qr
from consent.desk.preview import kept_text
from consent.desk.routes.turn import guarded, place
from consent.desk.shield import BODY
from consent.desk.stops import STOPS
from consent.desk.trouble import Trouble
from consent.desk.visits import Code, Draft, Visit
from consent.lookup import state_of
from consent.waiting import PARTIES_DAYS
from substrate.record.canonical import canonical_bytes, parse_strict
from substrate.record.codes import write_code
from substrate.record.documents import Document
from substrate.record.errors import MalformedDocument, RecordError
from substrate.store.home import Home

#: The header in which the script of the desk sends the token of its page.
TOKEN: Final = "x-desk-token"  # noqa: S105
_SIGNED_BYTES: Final = 128 * 1024
_KEY_BYTES: Final = 1024


def giving_routes(desk: Desk) -> APIRouter:
    """The routes of this part."""
    router = APIRouter(include_in_schema=False)

    @router.get("/give/code")
    def show_code(request: Request) -> Response:
        visit, draft = desk.draft(request)
        with visit.lock:
            return guarded(desk, draft, "code") or _code_page(desk, request, draft)

    @router.post("/give/code")
    def keep_code(request: Request) -> Response:
        form = desk.form(request)
        visit, draft = desk.draft(request)
        with visit.lock:
            return guarded(desk, draft, "code") or _keep_code(desk, request, draft, form)

    @router.get("/give/answers")
    def show_answers(request: Request) -> Response:
        visit, draft = desk.draft(request)
        with visit.lock:
            return guarded(desk, draft, "answers") or _answers_page(desk, request, draft)

    @router.post("/give/answers")
    def decide(request: Request) -> Response:
        form = desk.form(request)
        visit = desk.visit(request)
        if visit is not None and visit.draft is None and visit.given:
            return desk.to("/give/receipt")  # Sent twice: it was given the first time.
        visit, draft = desk.draft(request)
        with visit.lock:
            return guarded(desk, draft, "answers") or _decide(desk, request, visit, draft, form)

    @router.post("/give/prepare")
    def prepare(request: Request) -> Response:
        desk.check_token(request, request.headers.get(TOKEN, ""))
        visit, draft = desk.draft(request)
        with visit.lock:
            return guarded(desk, draft, "answers") or _prepare(desk, request, draft)

    @router.post("/give/signed")
    def signed(request: Request) -> Response:
        desk.check_token(request, request.headers.get(TOKEN, ""))
        visit = desk.visit(request)
        if visit is None:
            raise Trouble(409)
        with visit.lock:
            return _signed(desk, request, visit)

    @router.get("/give/receipt")
    def receipt(request: Request) -> Response:
        visit = desk.visit(request)
        if visit is None or not visit.given:
            raise Trouble(409)
        return _receipt_page(desk, request, visit)

    @router.get("/give/receipt.json")
    def bundle(request: Request) -> Response:
        visit = desk.visit(request)
        if visit is None or not visit.given:
            raise Trouble(409)
        return bundle_file(desk, visit.given)

    return router


def bundle_file(desk: Desk, contribution: str) -> Response:
    """The receipt bundle as a download."""
    with desk.home() as home:
        raw = issue_bundle(
            home, home.ledger.document(state_of(home, home.roles(), contribution).fact), desk.around.now()
        )
    name = f"receipt-{contribution.removeprefix('urn:uuid:')[:8]}.json"
    return Response(
        raw, media_type="application/json", headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def _code_page(desk: Desk, request: Request, draft: Draft, *, error: str = "", status: int = 200) -> Response:
    kept_before = bool(draft.code.withdrawal)
    if not kept_before and draft.code.secret is None:
        draft.code = giving.make_code()
    shown = "" if draft.code.secret is None else write_code(draft.code.secret)
    return desk.page(
        request, "code.html", code=shown, picture=qr(shown) if shown else "", kept_before=kept_before, error=error,
        status=status, site_address=desk.site.origin, base="/give", **place(draft, "code"),
    )  # fmt: skip


def _keep_code(desk: Desk, request: Request, draft: Draft, form: Form) -> Response:
    if form.one("action") == "new":
        draft.code, draft.prepared = Code(), None
        return desk.to("/give/code")
    if draft.code.withdrawal:
        return desk.to(f"/give/{flow.next_step(draft)}")
    if form.one("kept") != "yes":
        return _code_page(desk, request, draft, error=q.KEEP_CODE, status=422)
    made = form.one("made")
    try:
        if made:
            draft.code = giving.browser_code(made)
        elif draft.code.secret is not None:
            draft.code = giving.keep_code(draft.code)
        else:
            return desk.to("/give/code")
    except MalformedDocument:
        raise Trouble(400) from None
    draft.prepared = None
    return desk.to(f"/give/{flow.next_step(draft)}")


def _answers_page(desk: Desk, request: Request, draft: Draft) -> Response:
    assert draft.reading is not None  # noqa: S101 (reachable asks for the preview)
    spoken = desk.language(request).code
    with desk.home() as home:
        roles = home.roles()
        try:
            giving.row_of(draft, roles, desk.around.now(), own_key=True)
        except giving.NotAdmitted as error:
            return _refused(desk, request, home, error)
        notice = giving.notice_for(roles, spoken)
        draft.notice = notice.body["version"]
        charter = roles.charter.body
    kept = kept_text(draft.text, draft.reading, draft.marks, draft.left)
    return desk.page(
        request, "answers.html", answers=draft.answers, kept=kept, notice=notice.body, charter=charter, q=q,
        by_browser=draft.code.by_browser, second=charter["secondReader"], **place(draft, "answers"),
    )  # fmt: skip


def _refused(desk: Desk, request: Request, home: Home, error: giving.NotAdmitted) -> Response:
    """Say why, count it, and keep nothing else of it."""
    giving.note_refused(home, error.refusal)
    visit = desk.visit(request)
    if visit is not None:
        visit.draft = None
    return desk.page(
        request, "stop.html", stop=STOPS["refused"], name="refused", reason=error.refusal.detail, status=422
    )


def _decide(desk: Desk, request: Request, visit: Visit, draft: Draft, form: Form) -> Response:
    decision = form.one("decision")
    if decision == "decline":
        visit.draft = None
        return desk.to("/stop/declined")
    if decision != "give":
        raise Trouble(400)
    with desk.home() as home:
        try:
            prepared = giving.prepare(draft, home.roles(), desk.around.now(), desk.language(request).code, None)
        except giving.NotAdmitted as error:
            return _refused(desk, request, home, error)
        _finish(desk, home, visit, draft, prepared, giving.sign_assisted(home, draft, prepared))
    return desk.to("/give/receipt")


def _prepare(desk: Desk, request: Request, draft: Draft) -> Response:
    """The record that a browser is to sign, with what it needs to check that it is about the text that is shown."""
    key = _json(request, _KEY_BYTES).get("key")
    if not isinstance(key, str):
        raise Trouble(400)
    with desk.home() as home:
        try:
            prepared = giving.prepare(draft, home.roles(), desk.around.now(), desk.language(request).code, key)
        except (giving.NotAdmitted, RecordError):
            raise Trouble(400) from None
    draft.prepared = prepared
    return JSONResponse(
        {
            "record": prepared.body,
            "salt": prepared.salt.hex(),
            "domain": desk.site.host,
            "challenge": prepared.challenge,
            "created": prepared.time,
        }
    )


def _signed(desk: Desk, request: Request, visit: Visit) -> Response:
    if visit.draft is None and visit.given:
        return JSONResponse({"location": "/give/receipt", "contribution": visit.given})
    draft = visit.draft
    if draft is None or draft.prepared is None:
        raise Trouble(409)
    prepared, draft.prepared = draft.prepared, None  # A challenge counts once.
    try:
        body = _json(request, _SIGNED_BYTES)["record"]
        record = giving.read_signed(canonical_bytes(body), prepared, desk.site)
    except (RecordError, KeyError, TypeError, ValueError):
        raise Trouble(400) from None
    with desk.home() as home:
        _finish(desk, home, visit, draft, prepared, record)
    return JSONResponse({"location": "/give/receipt", "contribution": visit.given})


def _finish(desk: Desk, home: Home, visit: Visit, draft: Draft, prepared: Any, record: Document) -> None:
    """Durable first; then the draft is forgotten, its text and its keys with it."""
    visit.given = giving.accept(home, prepared, record, desk.around.now())
    visit.invited = prepared.codes
    visit.took_part.add(visit.given)
    draft.text, draft.code, draft.reading = "", Code(), None
    visit.draft = None


def _json(request: Request, most: int) -> dict[str, Any]:
    try:
        return parse_strict(request.scope[BODY], max_bytes=most)
    except MalformedDocument:
        raise Trouble(400) from None


def _receipt_page(desk: Desk, request: Request, visit: Visit) -> Response:
    contribution = visit.given
    with desk.home() as home:
        state = state_of(home, home.roles(), contribution)
        record = state.record
    said = f"{desk.site.origin}/withdraw\n{contribution}\nrecord sha-256 {record}"
    return desk.page(
        request, "receipt.html", state=state, picture=qr(said), labels=q, record=record, site_address=desk.site.origin,
        invited=visit.invited, days=PARTIES_DAYS,
    )  # fmt: skip
