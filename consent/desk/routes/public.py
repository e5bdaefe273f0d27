"""Pages and files for everyone: notices, the revocation feed, transparency, static files, health."""

import threading
import time
from typing import Annotated, Any, Final
from xml.sax.saxutils import escape, quoteattr

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from consent.desk.desk import Desk
from consent.desk.figures import Figures, count
from consent.desk.giving import notice_for
from consent.desk.notices import parts
from consent.desk.questions import SHORT
from consent.desk.reasons import REFUSALS
from consent.desk.revocations import revoked_after, signed_page
from consent.desk.trouble import Trouble
from consent.issue import notices_in_force
from substrate.record.canonical import MAX_INTEGER

_FRESH: Final = 60.0
_PAGE: Final = {"text/html": {"schema": {"type": "string"}}}
#: What stands beside the answer in `/openapi.json`: pages in words, which quote nothing of what was sent.
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "The mark cannot be read", "content": _PAGE},
    422: {"description": "Never sent: a mark that cannot be read is answered with 400", "content": _PAGE},
    429: {"description": "Too many requests of one address", "content": _PAGE},
}
After = Annotated[int, Query(ge=0, le=MAX_INTEGER, description="`next` of the page that you have; 0 for everything.")]


class _Atom(Response):
    media_type = "application/atom+xml"


def public_routes(desk: Desk) -> APIRouter:
    """The routes of this part."""
    router = APIRouter()
    kept = _Kept(desk)

    @router.get("/healthz", summary="Whether the desk and its home answer")
    def healthz() -> dict[str, str]:
        with desk.home() as home:
            return {"status": "ok", "commons": home.commons}

    @router.get(
        "/revocations.json",
        summary="Row ids that must go from copies, signed by the node, in pages",
        responses=_REFUSED,
    )
    def revocations(after: After = 0) -> JSONResponse:
        return JSONResponse(_signed(desk, after))

    @router.get(
        "/revocations.atom",
        summary="The same as a feed of Atom",
        response_class=_Atom,
        responses=_REFUSED,
    )
    def atom(after: After = 0) -> Response:
        return _Atom(_atom(desk, _signed(desk, after)))

    @router.get("/notice", include_in_schema=False)
    def newest(request: Request) -> Response:
        with desk.home() as home:
            body = notice_for(home.roles(), desk.language(request).code).body
        return desk.to(f"/notice/{body['version']}/{body['language']}")

    @router.get("/notice/{version}/{language}", include_in_schema=False)
    def notice(request: Request, version: str, language: str) -> Response:
        with desk.home() as home:
            notices = notices_in_force(home.roles()).get(version, {})
        found = notices.get(language)
        if found is None:
            raise Trouble(404)
        others = sorted(notices.keys() - {language})
        return desk.page(
            request, "notice.html", notice=found, others=others, version=version, parts=parts(found.body["text"])
        )

    @router.get("/transparency", include_in_schema=False)
    def transparency(request: Request) -> Response:
        return desk.page(request, "transparency.html", figures=kept.figures(), short=SHORT, refusals=REFUSALS)

    @router.get("/local", include_in_schema=False)
    def local(request: Request) -> Response:
        return desk.page(request, "local.html")

    @router.get("/favicon.ico", include_in_schema=False)
    def no_picture() -> Response:
        return Response(status_code=204, headers=_ONE_HOUR)

    @router.get("/static/desk.css", include_in_schema=False)
    def style() -> Response:
        return Response(desk.pages.style, media_type="text/css; charset=utf-8", headers=_ONE_HOUR)

    @router.get("/static/desk.js", include_in_schema=False)
    def script() -> Response:
        return Response(desk.pages.script, media_type="text/javascript; charset=utf-8", headers=_ONE_HOUR)

    return router


_ONE_HOUR: Final = {"cache-control": "public, max-age=3600, must-revalidate"}


class _Kept:
    """Figures are counted at most once a minute, however many people look."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._lock = desk, threading.Lock()
        self._figures: Figures | None = None
        self._at = 0.0

    def figures(self) -> Figures:
        with self._lock:
            if self._figures is None or time.monotonic() - self._at > _FRESH:
                with self._desk.home() as home:
                    self._figures = count(home, self._desk.around.versions(home), self._desk.around.now())
                self._at = time.monotonic()
            return self._figures


def _signed(desk: Desk, after: int) -> dict[str, Any]:
    now = desk.around.now()
    with desk.home() as home:
        page = revoked_after(home, home.roles(), after, now)
        return signed_page(home, page, f"{desk.site.origin}/revocations.json", now)


def _atom(desk: Desk, page: dict[str, Any]) -> str:
    """One entry per row. The JSON feed is the signed one; this is for readers of feeds."""
    entries = "".join(
        f"<entry><id>urn:lecs:row:{row}</id><title>{row}</title><updated>{page['time']}</updated>"
        f'<content type="text">{row}</content></entry>'
        for row in page["rows"]
    )
    here = f"{desk.site.origin}/revocations.atom"
    following = f"{here}?after={page['next']}"
    link = f'<link rel="next" href={quoteattr(following)}/>' if page["more"] else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{escape(here)}</id><title>Rows that were taken back</title><updated>{page['time']}</updated>"
        f"<author><name>{escape(desk.pages.name)}</name></author>"
        f'<link rel="self" href={quoteattr(here)}/>{link}{entries}</feed>\n'
    )
