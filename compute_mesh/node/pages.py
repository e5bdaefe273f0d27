"""The status page and the metrics of a node: on loopback alone, read-only, without JavaScript."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import jinja2
import uvicorn
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from compute_mesh.node.daemon import Node, Snapshot

_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
_STRICT: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class StatusPages:
    """A web server inside the daemon's loop."""

    def __init__(self, node: Node, port: int) -> None:
        """``port`` 0 takes any free one.

        Raises:
            OSError: the port is taken.
        """
        self._node = node
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        text = files("compute_mesh.node").joinpath("templates/status.html").read_text("utf-8")
        self._page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(text)
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve from now on."""
        config = uvicorn.Config(
            self._app(), log_config=None, access_log=False, server_header=False, http="h11", ws="none", lifespan="off",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not self._serving.done():
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Serve no more."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.wait([self._serving], timeout=2)
        self._socket.close()

    def _app(self) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

        @app.middleware("http")
        async def only_from_here(request: Request, call_next: Any) -> Response:
            # A page elsewhere could give its own name the address 127.0.0.1: only our own names are answered.
            if request.headers.get("host", "").rpartition(":")[0] not in _HOSTS:
                return Response("this page is for this machine alone", 421)
            response: Response = await call_next(request)
            response.headers.update(_STRICT)
            return response

        @app.get("/")
        async def page() -> Response:
            now = await self._node.snapshot()
            return Response(self._page.render(now=now), media_type="text/html; charset=utf-8")

        @app.get("/metrics")
        async def metrics() -> Response:
            tally, now = self._node.context.tally, await self._node.snapshot()
            for name, value in _gauges(now).items():
                tally.gauges[name].set(value)
            return Response(generate_latest(tally.registry), media_type=CONTENT_TYPE_LATEST)

        return app


def _gauges(now: Snapshot) -> dict[str, int]:
    found = {"peers": sum(peer.live for peer in now.peers)}
    if now.ledger is not None:
        found |= {"documents": now.ledger.documents, "forks": len(now.ledger.forks)}
        found |= {"missing": now.ledger.missing, "blobs": now.ledger.blobs}
    return found


class _Server(uvicorn.Server):
    """Signals are the daemon's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
