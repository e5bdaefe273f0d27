"""Wiring of `lecs desk`: what the desk may not import, its socket, and its server."""

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from assets.stages import DUPLICATES, StageGone, read_stage
from consent.desk.app import make_app
from consent.desk.reader import Reader
from consent.desk.site import Published, Site, Surroundings, Verdict, site_at
from consent.upkeep import tidy_up
from lecs_pipeline.checking import check_bundle, uses_of
from lecs_pipeline.clock import now
from lecs_pipeline.desk_governing import DeskGoverning
from lecs_pipeline.explaining import explain
from lecs_pipeline.redactor import redactor_at
from lecs_pipeline.versions import distinct_versions
from substrate.store.home import Home, open_home

_MOST_DUPLICATES: Final = 50


def surroundings(path: Path, reader: Reader) -> Surroundings:
    """What the desk of the home at ``path`` is given from above."""
    return Surroundings(
        home=path,
        now=now,
        redactor=reader,
        uses=uses_of,
        verify=lambda raw: _verdict(raw, path),
        explain=_why,
        versions=_versions,
        duplicates=_duplicates,
        govern=DeskGoverning(),
    )


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        OSError: the port is taken, or not ours to take.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((host, port))
    found.listen(128)
    return found


def serve(path: Path, site: Site, listening: socket.socket, answering: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; ``answering`` is called once pages can be asked for."""
    import uvicorn

    with open_home(path) as home:
        tidy_up(home, now())

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            answering()

    reader = Reader(partial(redactor_at, path))
    app: Any = make_app(site, surroundings(path, reader), warm=True)
    # No access log, and no log of faults: both could hold what a person typed.
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, date_header=True, proxy_headers=False,
        timeout_graceful_shutdown=5, h11_max_incomplete_event_size=16 * 1024, http="h11", ws="none", lifespan="off",
    )  # fmt: skip
    try:
        Server(config).run(sockets=[listening])
    finally:
        reader.close()


def site_of(host: str, port: int, origin: str | None) -> Site:
    """The site as it was told, or the loopback address that the desk listens on."""
    shown = f"[{host}]" if ":" in host else host
    return site_at(origin or f"http://{shown}:{port}")


def _verdict(raw: bytes, path: Path) -> Verdict:
    found = check_bundle(raw, path, None)
    return Verdict(found.code == 0, found.reason, found.checks)


def _why(home: Home, contribution: str) -> Sequence[tuple[str, str]]:
    """Factors and their values: the desk has words of its own for them."""
    with suppress(StageGone):
        found = explain(home, contribution)
        pairs = [str(one).partition(": ") for one in found["reasons"]]
        return [(factor, value) for factor, _, value in pairs] or [(str(found["status"]), "")]
    return []


def _duplicates(home: Home) -> Sequence[tuple[str, str]]:
    """What the last build left out, a few of them: moderators look at examples, not at thousands."""
    with suppress(StageGone):
        lines = read_stage(home, DUPLICATES).head(_MOST_DUPLICATES).to_dicts()
        return [(str(line["contribution"]), str(line["of"])) for line in lines]
    return []


def _versions(home: Home) -> Sequence[Published]:
    return [Published(d.body["version"], d.body["items"], d.body["time"]) for d in distinct_versions(home)]
