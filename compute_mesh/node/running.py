"""A node as a process: from its start until SIGTERM, Ctrl-C or `lecs node stop`."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass

from compute_mesh.node.context import Context
from compute_mesh.node.control.names import socket_path
from compute_mesh.node.control.server import Control
from compute_mesh.node.daemon import Node
from compute_mesh.node.pages import StatusPages


@dataclass(frozen=True, slots=True)
class Ready:
    """What is told once the node answers."""

    node: str
    socket: str
    status_url: str


def run_node(context: Context, ready: Callable[[Ready], None]) -> None:
    """Run until it is stopped; everything is closed within five seconds then.

    Raises:
        Busy: a node is running on this home. TransportFailed: its addresses cannot be listened on. OSError: its port.
    """
    asyncio.run(_run(context, ready))


async def _run(context: Context, ready: Callable[[Ready], None]) -> None:
    node = Node(context)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, node.stopping.set)
    async with node.running():
        pages = StatusPages(node, context.settings.status_port)
        control = Control(node, socket_path(context.path), pages.url)
        try:
            await pages.start()
            await control.start()
            ready(Ready(context.node, str(control.socket), pages.url))
            await node.stopping.wait()
        finally:
            await asyncio.gather(control.stop(), pages.stop(), node.go_offline())
