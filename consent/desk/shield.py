"""What stands before every page: the right host and origin, sizes, rates, headers, and no traceback that says a text.

Cross-site requests are refused by Origin. A form of a page without referrer sends ``Origin: null``: then the browser's
own word, ``Sec-Fetch-Site``, has to say that it came from this site. A token in the form is asked for besides.
"""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from consent.desk.limits import REQUESTS_PER_MINUTE, Counter, body_limit, client_of
from consent.desk.site import Site
from consent.desk.trouble import Trouble

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
#: Writes the page of a trouble: (status, path, Accept-Language) -> body.
Page = Callable[[int, str, str], bytes]

BODY: Final = "lecs.body"
_SAFE: Final = frozenset({"GET", "HEAD"})


class Shield:
    """An ASGI application around another."""

    def __init__(self, app: App, site: Site, script_hash: str, page: Page) -> None:
        """``script_hash`` is the SHA-256 of the one script, as Content-Security-Policy writes it."""
        self.app, self.site, self.page = app, site, page
        self.requests = Counter(REQUESTS_PER_MINUTE, 60.0)
        self.headers = _headers(site, script_hash)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a page of trouble."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = self._with_headers(list(message.get("headers", [])))
            await send(message)

        try:
            self._check(scope)
            scope[BODY] = await _body(receive, body_limit(scope["path"]), scope)
            await self.app(scope, _replay(scope[BODY]), guarded)
        except Trouble as trouble:
            await self._answer(trouble.status, scope, guarded)
        except Exception as error:
            # The name alone: a message, a path of calls or a local value may hold what a person typed.
            sys.stderr.write(f"lecs desk: a fault of the program ({type(error).__name__}); nothing typed was kept\n")
            if not started:
                await self._answer(500, scope, guarded)

    def _check(self, scope: Scope) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        if headers.get(b"host", b"").decode("latin-1").lower() != self.site.host:
            raise Trouble(421)
        if not self.requests.add(client_of(scope, self.site)):
            raise Trouble(429)
        if scope["method"] in _SAFE:
            return
        if scope["method"] != "POST":
            raise Trouble(405)
        origin = headers.get(b"origin", b"null").decode("latin-1")
        same = headers.get(b"sec-fetch-site", b"") == b"same-origin"
        if origin != self.site.origin and not (origin == "null" and same):
            raise Trouble(403)
        stated = headers.get(b"content-length", b"0")
        if not stated.isdigit() or int(stated) > body_limit(scope["path"]):
            raise Trouble(413)

    def _with_headers(self, present: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        names = {name.lower() for name, _ in present}
        return present + [(name, value) for name, value in self.headers if name not in names]

    async def _answer(self, status: int, scope: Scope, send: Send) -> None:
        accepts = next((value for name, value in scope["headers"] if name.lower() == b"accept-language"), b"")
        body = self.page(status, scope["path"], accepts.decode("latin-1"))
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        if status == 405:
            headers.append((b"allow", b"GET, HEAD, POST"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _body(receive: Receive, most: int, scope: Scope) -> bytes:
    """The whole body, which is never more than ``most`` bytes in memory.

    Raises:
        Trouble: 413, as soon as there is one byte too many.
    """
    if scope["method"] in _SAFE:
        return b""
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Trouble(400)
        piece = message.get("body", b"")
        size += len(piece)
        if size > most:
            raise Trouble(413)
        pieces.append(piece)
        more = message.get("more_body", False)
    return b"".join(pieces)


def _replay(body: bytes) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _headers(site: Site, script_hash: str) -> list[tuple[bytes, bytes]]:
    policy = (
        f"default-src 'none'; script-src '{script_hash}'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    )
    found = {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
        "x-robots-tag": "noindex",
    }
    if site.secure:
        found["strict-transport-security"] = "max-age=31536000"
    return [(name.encode(), value.encode()) for name, value in found.items()]
