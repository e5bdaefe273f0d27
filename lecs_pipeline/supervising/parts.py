"""The parts of a running home: the desk and the Dagster workspace. (The node joins them when there is one.)"""

import socket
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
    """What `lecs up` runs for a home. Port 0 takes a free one, which stays the same over restarts."""
    desk = f"http://127.0.0.1:{desk_port or free_port()}"
    dagster = f"http://127.0.0.1:{dagster_port or free_port()}"
    at_home, more = ("--home", str(home)), ("--origin", origin) if origin else ()
    return [
        Part("desk", (*_LECS, "desk", "--port", _port(desk), *at_home, *more), f"{desk}/healthz", origin or desk),
        Part("dagster", (*_LECS, "ui", "--port", _port(dagster), *at_home), f"{dagster}/server_info", dagster),
    ]


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
