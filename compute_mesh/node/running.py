"""A node as a process: from its start until SIGTERM, Ctrl-C or `lecs node stop`."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from compute_mesh.node.context import Context
from compute_mesh.node.control.names import socket_path
from compute_mesh.node.control.server import Control
from compute_mesh.node.daemon import Node
from compute_mesh.node.gateway import open_gateway
from compute_mesh.node.pages import StatusPages

#: After this many seconds a node that was told to stop is gone, whatever it was in the middle of.
_STOP_SECONDS: Final = 4.5


@dataclass(frozen=True, slots=True)
class Ready:
    """What is told once the node answers."""

    node: str
    socket: str
    status_url: str
    gateway: str = ""


def run_node(context: Context, ready: Callable[[Ready], None]) -> NoReturn:
    """Run until it is stopped; everything is closed, and the process gone, within five seconds then.

    Raises:
        Busy: a node is running on this home. TransportFailed: its addresses cannot be listened on. OSError: its port.
    """
    asyncio.run(_run(context, ready))
    # All is closed and on disk. The threads of the bindings would hold up the end of the interpreter for five seconds.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def _run(context: Context, ready: Callable[[Ready], None]) -> None:
    node = Node(context)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, node.stopping.set)
    async with node.running():
        pages = StatusPages(node, context.settings.status_port)
        control = Control(node, socket_path(context.path), pages.url)
        gateway = open_gateway(node) if context.gateway else None
        try:
            await pages.start()
            await control.start()
            if gateway is not None:
                await gateway.start()
            url = gateway.url if gateway is not None else ""
            ready(Ready(context.node, str(control.socket), pages.url, url))
            await node.stopping.wait()
            _end_soon()
        finally:
            ending = [control.stop(), pages.stop(), node.go_offline()]
            await asyncio.gather(*ending, *([gateway.stop()] if gateway is not None else []))


def _end_soon() -> None:
    """End the process even if a thread is in the middle of a long step on the home, which nothing can interrupt.

    What is acknowledged is on disk, and what is not is undone, as after any kill.
    """
    timer = threading.Timer(_STOP_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()
