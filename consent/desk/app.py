"""The application: routes, and the shield around them."""

import threading

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from consent.desk.desk import Desk
from consent.desk.routes.flow import flow_routes
from consent.desk.routes.giving import giving_routes
from consent.desk.routes.govern import govern_routes
from consent.desk.routes.join import join_routes
from consent.desk.routes.login import login_routes
from consent.desk.routes.mine import mine_routes
from consent.desk.routes.party import party_routes
from consent.desk.routes.public import public_routes
from consent.desk.routes.report import report_routes
from consent.desk.routes.staff import staff_routes
from consent.desk.routes.text import text_routes
from consent.desk.shield import App, Shield
from consent.desk.site import Site, Surroundings
from consent.desk.staff.door import Door
from consent.desk.trouble import TROUBLES, Trouble, Words
from consent.desk.words import preferred


def make_app(site: Site, around: Surroundings, *, pseudo: bool = False, warm: bool = False) -> App:
    """The desk of one home as an ASGI application.

    ``pseudo`` offers the pseudo-language of the tests; ``warm`` loads the redactor's models beside the first pages.

    Raises:
        NoHome: there is no home.
    """
    desk = Desk(site, around, pseudo=pseudo)
    if warm:
        threading.Thread(target=desk.warm, name="desk-warm", daemon=True).start()
    app = FastAPI(title="The consent desk", version="1", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    door = Door(desk)
    app.include_router(login_routes(door))
    app.include_router(staff_routes(door))
    app.include_router(govern_routes(door))
    about_given = (mine_routes, party_routes, join_routes)
    for routes in (report_routes, public_routes, *about_given, giving_routes, text_routes, flow_routes):
        app.include_router(routes(desk))

    def page(status: int, request: Request, said: Words | None = None) -> Response:
        words = said or TROUBLES.get(status, TROUBLES[400 if status < 500 else 500])
        return desk.page(request, "trouble.html", status=status, words=words)

    @app.exception_handler(Trouble)
    def trouble(request: Request, error: Trouble) -> Response:
        if error.status == 401 and request.method == "GET":
            return desk.to("/desk/login")
        return page(error.status, request, error.words)

    @app.exception_handler(HTTPException)
    def not_here(request: Request, error: HTTPException) -> Response:
        answer = page(error.status_code, request)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    def not_read(request: Request, error: RequestValidationError) -> Response:
        """FastAPI would answer with what was sent: here nobody's input is shown."""
        return page(400, request)

    def plain(status: int, path: str, accepts: str) -> bytes:
        return desk.pages.trouble(status, path, preferred(accepts))

    return Shield(app, site, desk.pages.script_hash, plain)
