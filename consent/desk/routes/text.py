"""The pages of the text and of its preview: what is typed stays in memory, what is shown is what would be kept."""

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import Response

from consent.desk import flow
from consent.desk import questions as q
from consent.desk.desk import Desk
from consent.desk.form import Form
from consent.desk.preview import (
    LONGEST_MARK,
    MAY_MARK,
    MOST_MARKS,
    Mark,
    NotRead,
    Reading,
    kept_text,
    occurs,
    read,
    spans_kept,
    undo_key,
    values,
)
from consent.desk.routes.turn import guarded, place
from consent.desk.visits import Draft
from consent.redaction.engine import MAX_CODE_POINTS
from consent.text import TextRefused, profile_text


def text_routes(desk: Desk) -> APIRouter:
    """The routes of this part."""
    router = APIRouter(include_in_schema=False)

    @router.get("/give/text")
    def show_text(request: Request) -> Response:
        _, draft = desk.draft(request)
        return guarded(desk, draft, "text") or _text_page(desk, request, draft)

    @router.post("/give/text")
    def take_text(request: Request) -> Response:
        form = desk.form(request)
        visit, draft = desk.draft(request)
        with visit.lock:
            return guarded(desk, draft, "text") or _take_text(desk, request, draft, form)

    @router.get("/give/preview")
    async def show_preview(request: Request) -> Response:
        def shown() -> Response:
            visit, draft = desk.draft(request)
            with visit.lock:
                return guarded(desk, draft, "preview") or _preview_page(desk, request, draft)

        return await run_sync(shown, limiter=desk.readers)

    @router.post("/give/preview")
    def change_preview(request: Request) -> Response:
        form = desk.form(request)
        visit, draft = desk.draft(request)
        with visit.lock:
            return guarded(desk, draft, "preview") or _change_preview(desk, request, draft, form)

    return router


def _text_page(desk: Desk, request: Request, draft: Draft, *, error: str = "", status: int = 200) -> Response:
    return desk.page(
        request,
        "text.html",
        text=draft.text,
        most=MAX_CODE_POINTS,
        error=error,
        status=status,
        **place(draft, "text"),
    )


def _take_text(desk: Desk, request: Request, draft: Draft, form: Form) -> Response:
    raw = form.one("text")
    try:
        text = profile_text(raw)
    except TextRefused:
        return _text_page(desk, request, draft, error=q.EMPTY_TEXT if not raw.strip() else q.BAD_TEXT, status=422)
    if len(text) > MAX_CODE_POINTS:
        return _text_page(desk, request, draft, error=q.LONG_TEXT, status=422)
    if text != draft.text:
        desk.visits.make_room(len(text))
        draft.text, draft.reading, draft.seen, draft.prepared = text, None, False, None
        draft.marks, draft.left = [], set()
        draft.answers.pop("parties", None)
    return desk.to(f"/give/{flow.next_step(draft)}" if not draft.seen else "/give/preview")


def _reading(desk: Desk, draft: Draft) -> Reading:
    if draft.reading is None:
        draft.reading = read(desk.around.redactor, draft.text, draft.answers["about"]["language"])
    return draft.reading


def _preview_page(
    desk: Desk, request: Request, draft: Draft, *, error: str = "", typed: str = "", status: int = 200
) -> Response:
    try:
        reading = _reading(desk, draft)
    except NotRead:
        return _text_page(desk, request, draft, error=q.NOT_READ, status=422)
    found = values(draft.text, reading, draft.marks, draft.left)
    kept = kept_text(draft.text, reading, draft.marks, draft.left)
    by_hand = bool(reading.held) or draft.answers["people"] == "redacted"
    return desk.page(
        request, "preview.html", kept=kept, found=found, labels=q.LABELS, may_mark=MAY_MARK, by_hand=by_hand,
        unread=bool(reading.held), error=error, typed=typed, status=status,
        replaced=len(spans_kept(draft.text, reading, draft.marks, draft.left)), **place(draft, "preview"),
    )  # fmt: skip


def _change_preview(desk: Desk, request: Request, draft: Draft, form: Form) -> Response:
    reading = draft.reading
    if reading is None:
        return desk.to("/give/preview")
    action = form.one("action")
    draft.prepared = None
    if action in ("mark", "undo"):
        draft.answers.pop("parties", None)  # Names at the beginning of turns may be others now.
    if action == "mark":
        mark = Mark(form.one("words").strip(), form.one("label"))
        if not 0 < len(mark.words) <= LONGEST_MARK or mark.label not in MAY_MARK or len(draft.marks) >= MOST_MARKS:
            return _preview_page(desk, request, draft, error=q.BAD_MARK, typed=mark.words, status=422)
        if not occurs(draft.text, mark):
            return _preview_page(desk, request, draft, error=q.NO_SUCH_WORDS, typed=mark.words, status=422)
        draft.marks = [*(one for one in draft.marks if one.words != mark.words), mark]
        draft.seen = False
        return desk.to("/give/preview")
    if action == "undo":
        draft.marks = [one for one in draft.marks if one.words != form.one("words")]
        key = undo_key(form.one("value"), reading, draft.text)
        if key is not None:
            draft.left ^= {key}
        draft.seen = False
        return desk.to("/give/preview")
    if form.one("read") != "yes":
        return _preview_page(desk, request, draft, error=q.READ_IT, status=422)
    draft.seen = True
    return desk.to(f"/give/{flow.next_step(draft)}")
