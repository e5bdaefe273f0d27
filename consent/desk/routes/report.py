"""The page for a person who is named in somebody's text: no account; what they say goes to moderators alone."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from consent import reports
from consent.desk.desk import Desk
from consent.desk.limits import TEN_MINUTES, Counter
from consent.desk.trouble import Trouble
from consent.desk.words import mark as _

#: Reports of one address in ten minutes.
PER_ADDRESS: Final = 10
REPORT_WORDS: Final = _("Write the words that are about you, or what they say.")
REPORT_LONG: Final = _("That is too long. Write at most two thousand letters in each field.")


def report_routes(desk: Desk) -> APIRouter:
    """The routes of this part."""
    router = APIRouter(include_in_schema=False)
    sent = Counter(PER_ADDRESS, TEN_MINUTES)

    @router.get("/report")
    def show(request: Request) -> Response:
        return _page(desk, request)

    @router.post("/report")
    def take(request: Request) -> Response:
        form = desk.form(request)
        answers = {name: form.one(name).replace("\r\n", "\n").strip() for name in ("seen", "words", "wish")}
        if not answers["words"] or any(len(said) > reports.LONGEST for said in answers.values()):
            error = REPORT_WORDS if not answers["words"] else REPORT_LONG
            return _page(desk, request, answers, error=error, status=422)
        if not sent.add(desk.client(request)):
            raise Trouble(429)
        with desk.home() as home:
            try:
                reports.file_report(home, **answers, time=desk.around.now())
            except reports.TooMany:
                raise Trouble(503) from None
        return desk.to("/report/sent")

    @router.get("/report/sent")
    def sent_page(request: Request) -> Response:
        return desk.page(request, "report-sent.html", days=reports.REPORT_DAYS)

    return router


def _page(
    desk: Desk, request: Request, answers: dict[str, str] | None = None, *, error: str = "", status: int = 200
) -> Response:  # fmt: skip
    with desk.home() as home:
        charter = home.roles().charter.body
    typed = answers or {"seen": "", "words": "", "wish": ""}
    return desk.page(
        request, "report.html", charter=charter, typed=typed, error=error, status=status, most=reports.LONGEST
    )
