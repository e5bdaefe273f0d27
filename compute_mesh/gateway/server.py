"""The gateway as a server inside the node's loop, on loopback alone."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp


class NotLoopback(ValueError):
    """An address for the gateway that others could reach."""


def loopback_address(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``.

    Raises:
        NotLoopback: it is none, or not of this machine alone.
    """
    host, _, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
        number = int(port)
    except ValueError:
        raise NotLoopback(f"{text[:60]}: the gateway's address is HOST:PORT, such as 127.0.0.1:8080") from None
    if not address.is_loopback or not 0 <= number <= 65535:
        raise NotLoopback(f"{text[:60]}: the gateway answers on loopback alone; put a proxy of your own before it")
    return str(address), number


class GatewayServer:
    """Serves the gateway from `start` to `stop`."""

    def __init__(self, app: ASGIApp, address: tuple[str, int]) -> None:
        """Port 0 takes any free one.

        Raises:
            OSError: the port is taken.
        """
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = socket.create_server(address, family=family)
        host = f"[{address[0]}]" if family is socket.AF_INET6 else address[0]
        self.url = f"http://{host}:{self._socket.getsockname()[1]}/v1"
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, ws="none", lifespan="off",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve from now on."""
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not self._serving.done():
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Serve no more."""
        if self._serving is not None:
            self._server.should_exit = True
            await asyncio.wait([self._serving], timeout=2)
        self._socket.close()


class _Server(uvicorn.Server):
    """Signals are the daemon's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
