"""A change of mind, and everything that is known of one's own texts: opened by the code, or by the browser's key.

Taking back is two clicks: send the code, press the button. No reason, no account, no mail. A code is never in an
address, and what it opens is closed again by one button or a day without a visit.
"""

import secrets
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from consent import appeals, invitations, parties
from consent.bundle import issue_bundle
from consent.change import NotNarrower, Voice, erase, withdraw
from consent.desk import questions as q
from consent.desk.desk import Desk
from consent.desk.form import Form
from consent.desk.own import exported, narrow_as_asked, shown, state_here
from consent.desk.reasons import found_to_hold
from consent.desk.routes.giving import TOKEN, bundle_file
from consent.desk.routes.party import party_page
from consent.desk.shield import BODY
from consent.desk.site import Verdict
from consent.desk.staff import words as w
from consent.desk.trouble import Trouble
from consent.desk.visits import Visit
from consent.lookup import open_by_code, record_of
from substrate.record.canonical import parse_strict
from substrate.record.codes import read_code, withdrawal_signer
from substrate.record.errors import MalformedDocument, NoAuthority, RecordError
from substrate.record.keys import verify
from substrate.store.errors import NotFound
from substrate.store.home import Home

_MOST_SHOWN: Final = 200
_KEY_BYTES: Final = 32 * 1024


def mine_routes(desk: Desk) -> APIRouter:
    """The routes of this part."""
    router = APIRouter(include_in_schema=False)

    @router.get("/withdraw")
    def withdraw_page(request: Request) -> Response:
        return _mine(desk, request, "/withdraw")

    @router.get("/my")
    def my_page(request: Request) -> Response:
        return _mine(desk, request, "/my")

    @router.post("/withdraw")
    def open_to_withdraw(request: Request) -> Response:
        return _open(desk, request, "/withdraw")

    @router.post("/my")
    def open_my(request: Request) -> Response:
        return _open(desk, request, "/my")

    @router.post("/my/challenge")
    def challenge(request: Request) -> Response:
        desk.check_token(request, request.headers.get(TOKEN, ""))
        visit = desk.begin(request)
        visit.challenge = secrets.token_hex(16)
        return JSONResponse({"challenge": visit.challenge, "domain": desk.site.host})

    @router.post("/my/key")
    def open_by_key(request: Request) -> Response:
        desk.check_token(request, request.headers.get(TOKEN, ""))
        return _open_by_key(desk, request)

    @router.post("/my/change")
    def change(request: Request) -> Response:
        form = desk.form(request)
        visit, contribution = _opened(desk, request, form)
        with visit.lock:
            return _change(desk, request, visit, contribution, form)

    @router.post("/my/verify")
    def verify_now(request: Request) -> Response:
        form = desk.form(request)
        _, contribution = _opened(desk, request, form)
        with desk.home() as home:
            raw = issue_bundle(home, home.ledger.document(state_here(home, contribution).fact), desk.around.now())
        return _mine(desk, request, "/my", verdict=desk.around.verify(raw), verified=contribution)

    @router.post("/my/receipt.json")
    def receipt(request: Request) -> Response:
        return bundle_file(desk, _opened(desk, request, desk.form(request))[1])

    @router.post("/my/export.zip")
    def export(request: Request) -> Response:
        _, contribution = _opened(desk, request, desk.form(request))
        with desk.home() as home:
            raw = exported(home, contribution, desk.around.now())
        head = {"content-disposition": 'attachment; filename="my-text.zip"'}
        return Response(raw, media_type="application/zip", headers=head)

    @router.post("/my/all")
    def change_all(request: Request) -> Response:
        form = desk.form(request)
        visit = desk.visit(request)
        if visit is None:
            raise Trouble(409)
        with visit.lock:
            return _change_all(desk, request, visit, form)

    @router.post("/my/appeal")
    def ask_again(request: Request) -> Response:
        form = desk.form(request)
        visit, contribution = _opened(desk, request, form)
        return _appeal(desk, request, visit, contribution, form)

    @router.post("/my/invite")
    def invite(request: Request) -> Response:
        form = desk.form(request)
        visit, contribution = _opened(desk, request, form)
        return _invite(desk, request, visit, contribution, form)

    @router.post("/my/close")
    def close(request: Request) -> Response:
        desk.form(request)
        visit = desk.visit(request)
        if visit is not None:
            visit.opened, visit.voice, visit.given, visit.invited, visit.joined = (), None, "", [], None
            visit.voices = {}
        return desk.to("/my")

    return router


def _mine(
    desk: Desk, request: Request, where: str,
    *, error: str = "", status: int = 200, done: str = "", verdict: Verdict | None = None, verified: str = "",
    link: tuple[str, str] | None = None,
) -> Response:  # fmt: skip
    visit = desk.visit(request)
    if visit is None or not visit.opened:
        return desk.page(request, "open.html", where=where, error=error, status=status)
    if visit.voice is not None and visit.voice.authority == "party":
        return party_page(desk, request, visit, error=error, status=status)
    with desk.home() as home:
        items = [shown(desk, home, one) for one in visit.opened[:_MOST_SHOWN]]
    return desk.page(
        request, "mine.html", where=where, items=items, by_code=visit.voice is not None, labels=q, error=error,
        status=status, done=done, verdict=verdict, verified=verified, link=link, site_address=desk.site.origin,
        w=w, longest=appeals.LONGEST, holding=found_to_hold(verdict.checks if verdict else ()),
    )  # fmt: skip


def _open(desk: Desk, request: Request, where: str) -> Response:
    """Open by code. Wrong codes are counted per address; right ones are not."""
    form = desk.form(request)
    client = desk.client(request)
    if desk.wrong_codes.full(client):
        raise Trouble(429)
    with desk.home() as home:
        try:
            contribution, voice = _opened_by(home, form.one("code")[:200])
        except (MalformedDocument, NotFound) as error:
            desk.wrong_codes.add(client)
            words = q.NO_CODE if isinstance(error, MalformedDocument) else q.UNKNOWN_CODE
            return _closed(desk, request, where, words)
    visit = desk.begin(request)
    more = visit.voices if voice.authority == "withdrawal-key" and _by_code(visit) else {}
    visit.voices = {**more, contribution: voice}
    visit.opened, visit.voice = tuple(visit.voices), voice
    return desk.to(where)


def _opened_by(home: Home, code: str) -> tuple[str, Voice]:
    """The text of a code, or the conversation in which it is a party's.

    Raises:
        MalformedDocument: not a code. NotFound: it opens nothing.
    """
    try:
        found = open_by_code(home, code)
    except NotFound:
        signer = withdrawal_signer(read_code(code))
        return parties.open_as_party(home, signer.did), Voice(signer, "party")
    return found.contribution, Voice(found.signer, "withdrawal-key")


def _appeal(desk: Desk, request: Request, visit: Visit, contribution: str, form: Form) -> Response:
    """Ask that other moderators look again; the words stay sealed with the text."""
    statement = form.one("statement").replace("\r\n", "\n").strip()
    voice = visit.voices.get(contribution)
    if voice is None:
        raise Trouble(409)
    if not 0 < len(statement) <= appeals.LONGEST:
        return _mine(desk, request, "/my", error=q.APPEAL_WORDS, status=422)
    with desk.home() as home:
        try:
            appeals.appeal(home, contribution, voice, form.one("decision"), statement, desk.around.now())
        except (NoAuthority, NotFound, MalformedDocument):
            return _mine(desk, request, "/my", error=q.CANNOT_APPEAL, status=409)
    return _mine(desk, request, "/my", done="appeal")


def _invite(desk: Desk, request: Request, visit: Visit, contribution: str, form: Form) -> Response:
    """A new link instead of a lost one. Whether the old one was answered is not told."""
    number = form.one("party")
    if contribution not in visit.voices or not number.isdecimal() or len(number) > 3:
        raise Trouble(409)
    with desk.home() as home:
        try:
            link = invitations.invite_anew(home, contribution, int(number))
        except NotFound:
            raise Trouble(409) from None
    return _mine(desk, request, "/my", link=link)


def _by_code(visit: Visit) -> bool:
    """Whether texts of one's own are open here by their codes: a further code then adds its text."""
    return visit.voice is not None and visit.voice.authority == "withdrawal-key"


def _change_all(desk: Desk, request: Request, visit: Visit, form: Form) -> Response:
    """Take back everything that is open by code, one text after the other; what is taken back already stays so."""
    action = form.one("action")
    if action not in ("withdraw", "erase") or not _by_code(visit):
        raise Trouble(409)
    with desk.home() as home:
        for contribution, voice in visit.voices.items():
            if action == "erase":
                erase(home, contribution, voice, desk.around.now())
            else:
                withdraw(home, contribution, voice, desk.around.now())
    return _mine(desk, request, "/my", done="all")


def _closed(desk: Desk, request: Request, where: str, error: str) -> Response:
    return desk.page(request, "open.html", where=where, error=error, status=422)


def _open_by_key(desk: Desk, request: Request) -> Response:
    """Open what a key of this browser signed: it signs a challenge that counts once, for this site."""
    visit = desk.visit(request)
    if visit is None or not visit.challenge:
        raise Trouble(409)
    challenge, visit.challenge = visit.challenge, ""
    found: list[str] = []
    try:
        body = parse_strict(request.scope[BODY], max_bytes=_KEY_BYTES)
        key, signature, wanted = str(body["key"]), bytes.fromhex(body["signature"]), body["contributions"]
        verify(key, f"lecs-open-1\n{desk.site.host}\n{challenge}".encode(), signature)
        with desk.home() as home:
            for one in wanted[:_MOST_SHOWN]:
                record = record_of(home, str(one))
                if record is not None and record["contributor"].get("key") == key:
                    found.append(str(one))
    except (RecordError, KeyError, TypeError, ValueError):
        raise Trouble(400) from None
    visit.opened, visit.voice = tuple(dict.fromkeys([*(visit.opened if not visit.voice else ()), *found])), None
    visit.voices = {}
    return JSONResponse({"found": len(found)})


def _opened(desk: Desk, request: Request, form: Form) -> tuple[Visit, str]:
    visit, contribution = desk.visit(request), form.one("contribution")
    if visit is None or contribution not in visit.opened:
        raise Trouble(409)
    if visit.voice is not None and visit.voice.authority == "party":
        raise Trouble(409)  # A party sees and changes what they said, not what belongs to whoever gave.
    return visit, contribution


def _change(desk: Desk, request: Request, visit: Visit, contribution: str, form: Form) -> Response:
    """Withdraw, narrow or erase; only ever stricter."""
    voice, action, time = visit.voices.get(contribution), form.one("action"), desk.around.now()
    if voice is None:
        raise Trouble(409)  # A key in a browser shows; taking back is the word of the code.
    with desk.home() as home:
        try:
            if action == "withdraw":
                withdraw(home, contribution, voice, time)
            elif action == "erase":
                erase(home, contribution, voice, time)
            elif action == "narrow":
                narrow_as_asked(home, contribution, voice, time, form)
            else:
                raise Trouble(400)
        except NotNarrower:
            return _mine(desk, request, "/my", error=q.NOT_LESS, status=422)
        except (NoAuthority, NotFound):
            raise Trouble(409) from None
    return _mine(desk, request, "/withdraw", done=action)
