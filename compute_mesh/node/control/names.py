"""What both ends of the socket agree on."""

import hashlib
import tempfile
from pathlib import Path
from typing import Final

SERVICE: Final = "lecs.node.v1.Node"
#: The trailing word by which a command knows the cause, and so its exit code.
CAUSE: Final = "lecs-cause"
SOCKET: Final = "node.sock"
#: What the kernel takes as a socket's path.
_MOST_SOCKET: Final = 100


def socket_path(home: Path) -> Path:
    """Where the node of a home answers; in a folder of its own where the home's path is too long for a socket."""
    path = home / "mesh" / SOCKET
    if len(str(path)) <= _MOST_SOCKET:
        return path
    short = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"lecs-{short}"
    return folder / SOCKET


#: Inputs and outputs of jobs go over the socket whole.
MOST_MESSAGE: Final = 600 << 20
OPTIONS: Final = [("grpc.max_receive_message_length", MOST_MESSAGE), ("grpc.max_send_message_length", MOST_MESSAGE)]
