"""The gateway at a running node: requests are jobs that this node signs."""

from compute_mesh.gateway.app import Gateway, make_app
from compute_mesh.gateway.keys import ApiKeys
from compute_mesh.gateway.server import GatewayServer, loopback_address
from compute_mesh.gateway.work import JobMaker
from compute_mesh.node.daemon import Node
from compute_mesh.node.identity import mesh_folder


def open_gateway(node: Node) -> GatewayServer:
    """The server where the context says; it has not begun.

    Raises:
        NotLoopback: the address is not of this machine alone. OSError: the port is taken.
    """
    context = node.context

    def maker() -> JobMaker | None:
        room = node.jobs
        if room is None:
            return None
        return JobMaker(room.desk, room.store, room.law, context.identity.node, room.law.commons, context.now)

    gateway = Gateway(maker, ApiKeys(mesh_folder(context.path)), context.now)
    return GatewayServer(make_app(gateway), loopback_address(context.gateway))
