"""The status page and the metrics of a node: on loopback alone, read-only, without JavaScript."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from importlib.resources import files
from typing import Any, Final

import jinja2
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from compute_mesh.node.daemon import Node, Snapshot

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

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
            self._answer, log_config=None, access_log=False, server_header=False, http="h11", ws="none", lifespan="off",
            interface="asgi3",
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

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The whole site, as ASGI has it: two pages that are read, and nothing that is changed."""
        if scope["type"] != "http":
            return
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        # A page elsewhere could give its own name the address 127.0.0.1: only our own names are answered.
        if host.rpartition(":")[0] not in _HOSTS:
            await _send(send, 421, "text/plain", b"this page is for this machine alone")
        elif scope["method"] not in ("GET", "HEAD"):
            await _send(send, 405, "text/plain", b"this page can only be read")
        elif scope["path"] == "/":
            page = self._page.render(now=await self._node.snapshot())
            await _send(send, 200, "text/html; charset=utf-8", page.encode("utf-8"))
        elif scope["path"] == "/metrics":
            tally, now = self._node.context.tally, await self._node.snapshot()
            for name, value in _gauges(now).items():
                tally.gauges[name].set(value)
            await _send(send, 200, CONTENT_TYPE_LATEST, generate_latest(tally.registry))
        else:
            await _send(send, 404, "text/plain", b"no such page")


async def _send(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = {**_STRICT, "Content-Type": kind, "Content-Length": str(len(body))}
    raw = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


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
