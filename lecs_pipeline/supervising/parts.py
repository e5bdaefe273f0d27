"""The parts of a running home: the desk, the Dagster workspace, and the node where `lecs node init` was run."""

import socket
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compute_mesh.node.settings import NAME, read_settings

_LECS: Final = (sys.executable, "-c", "from lecs_pipeline.cli import main; main()")
_SECONDS: Final = 5.0
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Part:
    """One process: its name in the answer of `lecs up`, what starts it, a page that it has, where people find it."""

    name: str
    command: tuple[str, ...]
    page: str
    shown: str


def parts_of(home: Path, desk_port: int, dagster_port: int, origin: str | None) -> list[Part]:
    """What `lecs up` runs for a home. Port 0 takes a free one, which stays the same over restarts.

    Raises:
        InvalidSettings: those of the node cannot be used.
    """
    desk = f"http://127.0.0.1:{desk_port or free_port()}"
    dagster = f"http://127.0.0.1:{dagster_port or free_port()}"
    at_home, more = ("--home", str(home)), ("--origin", origin) if origin else ()
    parts = [
        Part("desk", (*_LECS, "desk", "--port", _port(desk), *at_home, *more), f"{desk}/healthz", origin or desk),
        Part("dagster", (*_LECS, "ui", "--port", _port(dagster), *at_home), f"{dagster}/server_info", dagster),
    ]
    if (home / NAME).exists():
        node = f"http://127.0.0.1:{read_settings(home).status_port or free_port()}"
        parts.append(Part("node", (*_LECS, "node", "start", "--status-port", _port(node), *at_home), node, node))
    return parts


def free_port() -> int:
    """A port of the loopback address that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(part: Part) -> bool:
    """Whether a part answers; a refusal is an answer too (a desk behind a proxy has another name)."""
    try:
        with _DIRECT.open(part.page, timeout=_SECONDS):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _port(address: str) -> str:
    return address.rpartition(":")[2]
