"""The pages of moderators and stewards: queue, case, the private text with a span editor, votes, reports, trail."""

import uuid
from collections.abc import Callable
from typing import Any, Final, get_args

from fastapi import APIRouter, Request
from fastapi.responses import Response

from consent import appeals, casenotes, held, reports
from consent import moderation as law
from consent.desk import questions as q
from consent.desk.flags import KIND as FLAG
from consent.desk.form import Form
from consent.desk.preview import LONGEST_MARK, MAY_MARK, Mark, places
from consent.desk.staff import words as w
from consent.desk.staff.accounts import accounts, signer_of
from consent.desk.staff.cases import queue, waiting_votes
from consent.desk.staff.door import Door, Member
from consent.desk.trouble import Trouble
from consent.keycare import approve
from consent.lookup import state_of
from consent.redaction import InvalidSpan
from consent.state import State
from consent.superseding import TextChanged
from consent.waiting import deadline_of, is_waiting
from substrate.record.authority import Roles, is_authorised
from substrate.record.documents import Document
from substrate.record.errors import NoAuthority
from substrate.record.vocabulary import OpenedBecause
from substrate.store.boxes import Boxes
from substrate.store.desk_events import latest_events
from substrate.store.errors import NotFound
from substrate.store.home import Home

_EVENTS_SHOWN: Final = 200
_LONGEST_STATEMENT: Final = 2000
_LOOKING: Final = "decision"


def staff_routes(door: Door) -> APIRouter:
    """The routes of this part."""
    desk = door.desk
    router = APIRouter(include_in_schema=False)

    @router.get("/desk")
    def show_queue(request: Request) -> Response:
        with desk.home() as home:
            member = door.curator(request, home)
            Boxes(home.database, home.path).expire(desk.around.now())  # The desk may run for months.
            cases = queue(home, desk.around.duplicates(home))
        return desk.page(request, "staff-queue.html", member=member, cases=cases, w=w)

    @router.get("/desk/case/{case}")
    def show_case(request: Request, case: str) -> Response:
        with desk.home() as home:
            return _case(door, request, home, door.curator(request, home), _known(home, case))

    @router.post("/desk/case/{case}/{action}")
    def act(request: Request, case: str, action: str) -> Response:
        with desk.home() as home:
            member, form = door.form(request, home)
            taken = _ACTIONS.get(action)
            if taken is None:
                raise Trouble(404)
            contribution = _known(home, case)
            try:
                return taken(door, request, home, member, contribution, form)
            except NoAuthority:
                door.note(home, "no-authority", member.account.name, contribution)
                return _case(door, request, home, member, contribution, error=w.NOT_YOURS, status=403)
            except (TextChanged, held.NotHeld):
                return _case(door, request, home, member, contribution, error=w.TEXT_CHANGED, status=409)

    @router.get("/desk/report/{name}")
    def show_report(request: Request, name: str) -> Response:
        with desk.home() as home:
            member = door.curator(request, home)
            return _report(door, request, home, member, name)

    @router.post("/desk/report/{name}")
    def change_report(request: Request, name: str) -> Response:
        with desk.home() as home:
            member, form = door.form(request, home)
            return _change_report(door, request, home, member, name, form)

    @router.get("/desk/trail")
    def show_trail(request: Request) -> Response:
        with desk.home() as home:
            member = door.steward(request, home)
            trail = _trail(home)
            events = latest_events(home.database, _EVENTS_SHOWN)
        return desk.page(request, "staff-trail.html", member=member, trail=trail, events=events, w=w)

    return router


def _known(home: Home, case: str) -> str:
    """The contribution of an address, which holds its number alone."""
    try:
        contribution = f"urn:uuid:{uuid.UUID(case)}"
        state_of(home, home.roles(), contribution)
    except (ValueError, NotFound):
        raise Trouble(404) from None
    return contribution


def _case(
    door: Door, request: Request, home: Home, member: Member, contribution: str, *, error: str = "", status: int = 200
) -> Response:  # fmt: skip
    roles = home.roles()
    state = state_of(home, roles, contribution)
    aside = casenotes.has_stepped_aside(home, contribution, member.signer.did)
    open_appeal = next((one for one in appeals.appeals_of(home, contribution) if not one.answer), None)
    return door.desk.page(
        request, "staff-case.html", member=member, state=state, case=contribution.removeprefix("urn:uuid:"), w=w,
        labels=q, error=error, status=status, aside=aside, appeal=open_appeal, panel=roles.panel,
        waits=is_waiting(state), due=deadline_of(state) if is_waiting(state) else "",
        here=bool(home.vault.rows(contribution)), decisions=_decisions(home, roles, contribution, member),
        trail=casenotes.notes_of(home, contribution), people=_people(home),
        reports=reports.reports(home, contribution),
        flagged=bool(Boxes(home.database, home.path).all(FLAG, contribution)),
        because=_because(home, state, open_appeal),
    )  # fmt: skip


def _decisions(home: Home, roles: Roles, contribution: str, member: Member) -> list[dict[str, Any]]:
    """Every decision with its votes, and whether this key may still vote on it."""
    found = [*appeals.decisions_of(home, roles, contribution), *waiting_votes(home, roles, contribution)]
    standing = {d.digest for d in appeals.standing_decisions(home, roles, contribution)}
    return [
        {
            "digest": d.digest,
            "body": d.body,
            "votes": len(_voters(roles, d)),
            "counts": is_authorised(d, roles),
            "standing": d.digest in standing,
            "mine": member.signer.did in _voters(roles, d),
        }
        for d in found
    ]


def _voters(roles: Roles, decision: Document) -> set[str]:
    return {decision.signer, *roles.approvals.get(decision.digest, ())} & roles.moderators


def _because(home: Home, state: State, appeal: appeals.Appealed | None) -> str:
    """Why somebody who opens the text now opens it."""
    if reports.reports(home, state.contribution):
        return "report"
    if appeal is not None:
        return "appeal"
    if is_waiting(state):
        return "held"
    return "flag" if Boxes(home.database, home.path).all(FLAG, state.contribution) else _LOOKING


def _open(door: Door, request: Request, home: Home, member: Member, contribution: str, form: Form) -> Response:
    because = form.one("because")
    return _text(door, request, home, member, contribution, because if because in get_args(OpenedBecause) else _LOOKING)


def _text(
    door: Door, request: Request, home: Home, member: Member, contribution: str, because: str,
    *, error: str = "", typed: str = "", status: int = 200,
) -> Response:  # fmt: skip
    """The private text, after the trail says who opened it."""
    casenotes.check_free(home, contribution, member.signer.did)
    state = state_of(home, home.roles(), contribution)
    try:
        kept = home.vault.get(contribution).text.decode("utf-8")
        casenotes.note_opened(home, contribution, member.signer, because, state.row, door.desk.around.now())
    except NotFound:
        raise Trouble(409) from None
    door.note(home, "text-opened", member.account.name, contribution)
    suggested: list[tuple[str, str]] = []
    if is_waiting(state):
        shown = held.show(home, contribution, door.desk.around.redactor, member.signer)
        suggested = list(dict.fromkeys((kept[s.start : s.end], s.label) for s in shown.suggested))
    return door.desk.page(
        request, "staff-text.html", member=member, case=contribution.removeprefix("urn:uuid:"), kept=kept, state=state,
        waits=is_waiting(state), suggested=suggested, may_mark=MAY_MARK, labels=q.LABELS, because=because, error=error,
        typed=typed, status=status,
    )  # fmt: skip


def _mark(door: Door, request: Request, home: Home, member: Member, contribution: str, form: Form) -> Response:
    """Take words out wherever they stand, by the same rules as `lecs held mark`."""
    because, words, label = form.one("because"), form.one("words").strip(), form.one("label")
    because = because if because in get_args(OpenedBecause) else "held"
    try:
        kept = home.vault.get(contribution).text.decode("utf-8")
        spans = list(places(kept, Mark(words, label))) if words and len(words) <= LONGEST_MARK else []
        held.mark(home, contribution, spans, door.desk.around.now(), row=form.one("row"), by=member.signer)
    except InvalidSpan:
        return _text(
            door, request, home, member, contribution, because, error=w.NO_MARK, typed=words, status=422
        )  # fmt: skip
    except NotFound:
        raise Trouble(409) from None
    door.note(home, "marked", member.account.name, contribution)
    return _text(door, request, home, member, contribution, because)


def _confirm(door: Door, request: Request, home: Home, member: Member, contribution: str, form: Form) -> Response:
    if form.one("row") != state_of(home, home.roles(), contribution).row:
        raise TextChanged("look again")
    if form.one("read") != "yes":
        return _text(door, request, home, member, contribution, "held", error=q.READ_IT, status=422)
    held.confirm(home, contribution, door.desk.around.now(), by=member.signer)
    door.note(home, "confirmed", member.account.name, contribution)
    return door.desk.to(f"/desk/case/{contribution.removeprefix('urn:uuid:')}")


def _decide(door: Door, request: Request, home: Home, member: Member, contribution: str, form: Form) -> Response:
    decision, grounds, statement = form.one("decision"), form.many("ground"), form.one("statement").strip()
    known = decision in w.DECISIONS and grounds and set(grounds) <= set(w.GROUNDS)
    if not known or not 0 < len(statement) <= _LONGEST_STATEMENT or not statement.replace("\n", "").isprintable():
        return _case(door, request, home, member, contribution, error=w.DECIDE_ALL, status=422)
    wanted = form.one("appeal")
    appeal = next((one for one in appeals.appeals_of(home, contribution) if one.digest == wanted), None)
    if wanted and (appeal is None or appeal.answer):
        raise Trouble(409)
    law.decide(
        home, contribution, member.signer, decision, sorted(grounds), statement.replace("\r\n", "\n"),
        door.desk.around.now(), appeal=appeal,
    )  # fmt: skip
    door.note(home, "decided", member.account.name, contribution)
    return _settled(door, home, contribution)


def _approve(door: Door, request: Request, home: Home, member: Member, contribution: str, form: Form) -> Response:
    roles = home.roles()
    waiting = next((d for d in waiting_votes(home, roles, contribution) if d.digest == form.one("act")), None)
    if waiting is None:
        raise Trouble(409)
    if not approve(home, waiting, door.desk.around.now(), member.signer):
        door.note(home, "voted-already", member.account.name, contribution)
        return _case(door, request, home, member, contribution, error=w.VOTED, status=409)
    door.note(home, "approved", member.account.name, contribution)
    return _settled(door, home, contribution)


def _settled(door: Door, home: Home, contribution: str) -> Response:
    """Reports and flags go once a decision counts; while votes are missing they stay."""
    roles = home.roles()
    if appeals.decisions_of(home, roles, contribution) and not waiting_votes(home, roles, contribution):
        reports.settle(home, contribution)
    return door.desk.to(f"/desk/case/{contribution.removeprefix('urn:uuid:')}")


def _aside(door: Door, request: Request, home: Home, member: Member, contribution: str, form: Form) -> Response:
    try:
        casenotes.step_aside(home, contribution, member.signer, _LOOKING, door.desk.around.now())
    except NotFound:
        raise Trouble(409) from None
    door.note(home, "stepped-aside", member.account.name, contribution)
    return door.desk.to(f"/desk/case/{contribution.removeprefix('urn:uuid:')}")


def _report(
    door: Door, request: Request, home: Home, member: Member, name: str,
    *, found: list[str] | None = None, error: str = "", typed: str = "", status: int = 200,
) -> Response:  # fmt: skip
    try:
        report = reports.find_report(home, name)
    except NotFound:
        raise Trouble(404) from None
    return door.desk.page(
        request, "staff-report.html", member=member, report=report, w=w, error=error, typed=typed or report.words,
        found=[one.removeprefix("urn:uuid:") for one in found or []], status=status,
        linked=report.subject.removeprefix("urn:uuid:"),
    )  # fmt: skip


def _change_report(door: Door, request: Request, home: Home, member: Member, name: str, form: Form) -> Response:
    action, typed = form.one("action"), form.one("words")[: reports.LONGEST]
    if action == "find":
        found = reports.texts_with(home, typed)
        error = "" if found else w.NOTHING_FOUND
        return _report(
            door, request, home, member, name, found=found, error=error, typed=typed, status=200 if found else 422
        )  # fmt: skip
    try:
        report = reports.find_report(home, name)
    except NotFound:
        raise Trouble(404) from None
    if action == "link":
        contribution = _known(home, form.one("case"))
        reports.link(home, report, contribution)
        return door.desk.to(f"/desk/case/{contribution.removeprefix('urn:uuid:')}")
    if action != "close":
        raise Trouble(400)
    reports.close(home, name)
    door.note(home, "report-closed", member.account.name, report.subject)
    return door.desk.to("/desk")


def _people(home: Home) -> dict[str, str]:
    """Keys of accounts here and their names."""
    found = {}
    for account in accounts(home):
        try:
            found[signer_of(home, account).did] = account.name
        except NotFound:
            continue
    return found


def _trail(home: Home) -> list[tuple[str, casenotes.CaseNote, str]]:
    """Who opened what, the newest first: (number, note, name of the account)."""
    people = _people(home)
    query = "SELECT DISTINCT contribution FROM sealed WHERE kind = 'CaseNote'"
    about = [str(one) for (one,) in home.database.connection.execute(query).fetchall()]
    found = [(c.removeprefix("urn:uuid:"), n, people.get(n.by, "")) for c in about for n in casenotes.notes_of(home, c)]
    return sorted(found, key=lambda entry: entry[1].time, reverse=True)[:_EVENTS_SHOWN]


_ACTIONS: Final[dict[str, Callable[[Door, Request, Home, Member, str, Form], Response]]] = {
    "open": _open,
    "mark": _mark,
    "confirm": _confirm,
    "decide": _decide,
    "approve": _approve,
    "aside": _aside,
}
