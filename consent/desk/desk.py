"""What every page of the desk works with: the site, the visits, the templates, the home of this request."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from anyio import CapacityLimiter
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from consent.desk.form import Form, read_form
from consent.desk.limits import MOST_READING, TEN_MINUTES, WRONG_CODES, Counter, client_of
from consent.desk.pages import Pages
from consent.desk.shield import BODY
from consent.desk.site import Site, Surroundings
from consent.desk.trouble import Trouble
from consent.desk.visits import Draft, Visit, Visits, new_key
from consent.desk.words import LANGUAGES, PSEUDO, Language, language, preferred
from consent.redaction.types import Passage
from substrate.store.home import Home, open_home

_KEY_LENGTH: Final = 32


class Desk:
    """One running desk."""

    def __init__(self, site: Site, around: Surroundings, *, pseudo: bool = False) -> None:
        """``pseudo`` offers the pseudo-language of the tests.

        Raises:
            NoHome: there is no home.
        """
        with open_home(around.home) as home:
            self._secret = home.keyring.secret("desk-forms")
            self.pages = Pages(home.roles().charter.body["name"], pseudo=pseudo)
        self.site, self.around = site, around
        self.visits = Visits()
        self.wrong_codes = Counter(WRONG_CODES, TEN_MINUTES)
        self.cookie = "__Host-lecs" if site.secure else "lecs"
        #: Previews wait for the redactor; however many do, pages have threads of their own.
        self.readers = CapacityLimiter(MOST_READING)

    @contextmanager
    def home(self) -> Iterator[Home]:
        """The home, opened for this thread."""
        with open_home(self.around.home) as home:
            yield home

    def warm(self) -> None:
        """Load the redactor's models before the first person waits for them."""
        self.around.redactor.redact([Passage("The desk is open.", "en")])

    def key(self, request: Request) -> str:
        """The value of the cookie, if it has the form of one that was made here."""
        value = request.cookies.get(self.cookie, "")
        return value if len(value) == _KEY_LENGTH and value.isalnum() else ""

    def visit(self, request: Request) -> Visit | None:
        """The visit of this browser, if it began one."""
        key = self.key(request)
        return self.visits.find(key) if key else None

    def begin(self, request: Request) -> Visit:
        """The visit of this browser, begun where there is none. Only after `form`, which asks for the cookie."""
        return self.visits.begin(self.key(request))

    def draft(self, request: Request) -> tuple[Visit, Draft]:
        """The visit and its draft.

        Raises:
            Trouble: 409, there is none (any more).
        """
        visit = self.visit(request)
        if visit is None or visit.draft is None:
            raise Trouble(409)
        return visit, visit.draft

    def form(self, request: Request) -> Form:
        """The posted form, whose token has to be that of the cookie.

        Raises:
            Trouble: 400 or 415 for a form that cannot be read, 403 for a wrong token.
        """
        form = read_form(request.scope[BODY], request.headers.get("content-type", ""))
        self.check_token(request, form.one("token"))
        return form

    def check_token(self, request: Request, token: str) -> None:
        """Compare in constant time.

        Raises:
            Trouble: 403, it is not the token of this browser's cookie.
        """
        key = self.key(request)
        if not key or not hmac.compare_digest(self._token(key).encode(), token.encode()):
            raise Trouble(403)

    def client(self, request: Request) -> str:
        """The address of whoever asks, as limits count it."""
        return client_of(request.scope, self.site)

    def language(self, request: Request) -> Language:
        """What this visitor chose, else what the browser prefers."""
        visit = self.visit(request)
        chosen = visit.language if visit else ""
        known = (*LANGUAGES, PSEUDO) if self.pages.pseudo else tuple(LANGUAGES)
        return language(chosen if chosen in known else preferred(request.headers.get("accept-language", "")))

    def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page with a form token; a browser without a cookie gets one (it holds nothing but chance)."""
        key = self.key(request)
        fresh = not key
        key = key or new_key()
        token = self._token(key)
        html = self.pages.render(
            template,
            self.language(request),
            token=token,
            address=request.url.path,
            local=self.site.local,
            governed=self.around.govern is not None,
            **values,
        )
        response = HTMLResponse(html, status_code=status)
        if fresh:
            response.set_cookie(self.cookie, key, secure=self.site.secure, httponly=True, samesite="strict", path="/")
        return response

    def to(self, address: str) -> Response:
        """Go on to another page of the desk (after a post: Back then asks nothing again)."""
        return RedirectResponse(address, status_code=303)

    def _token(self, key: str) -> str:
        return hmac.digest(self._secret, key.encode("ascii"), hashlib.sha256).hex()
